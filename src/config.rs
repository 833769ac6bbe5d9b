//! Every setting of the local binary: one configuration file, and the options that go before it.

use crate::commands::Failure;
use engine::Limits;
use function_host::FunctionSettings;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The configuration file's name in a folder.
pub(crate) const FILE: &str = "stepwell.toml";
/// The account that is taken when neither configuration nor credentials name one.
pub(crate) const ACCOUNT: &str = "123456789012";
/// The region that is taken when neither configuration, settings nor credentials name one.
pub(crate) const REGION: &str = "us-east-1";

/// `stepwell.toml`. Relative paths start at the file's folder.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// The definition that `stepwell run FOLDER` runs.
    pub(crate) definition: Option<PathBuf>,
    /// A mock configuration in the format of Step Functions Local.
    pub(crate) mocks: Option<PathBuf>,
    /// The region of ARNs; default: AWS_REGION, AWS_DEFAULT_REGION, then `us-east-1`.
    pub(crate) region: Option<String>,
    /// The account of ARNs; default `123456789012`.
    pub(crate) account: Option<String>,
    /// What `stepwell run` puts in the place of `${NAME}` in a definition.
    pub(crate) substitutions: BTreeMap<String, String>,
    /// Limits beyond AWS's.
    pub(crate) limits: Limits,
    /// Lambda functions that run on this machine, by name.
    pub(crate) functions: BTreeMap<String, FunctionSettings>,
    /// What `stepwell run FOLDER` runs when no input is given.
    pub(crate) runs: Vec<RunSettings>,
    /// The folder of the file.
    #[serde(skip)]
    pub(crate) folder: PathBuf,
}

/// One run of `stepwell run FOLDER`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunSettings {
    /// The name in the table of outcomes.
    pub(crate) name: String,
    /// The file with the input.
    pub(crate) input: PathBuf,
    /// The test case of the mock configuration.
    pub(crate) test_case: Option<String>,
    /// The status that the run is to end with; default SUCCEEDED.
    pub(crate) expect: Option<String>,
}

impl Config {
    /// Reads a configuration file.
    pub(crate) fn read(file: &Path) -> Result<Config, Failure> {
        let text = std::fs::read_to_string(file).map_err(Failure::while_trying(file.display()))?;
        let mut config: Config = toml::from_str(&text).map_err(Failure::while_trying(file.display()))?;
        // A bare file name has an empty parent, which is no folder to run anything in.
        config.folder = Path::new(".").join(file.parent().unwrap_or_else(|| Path::new("")));
        let profile = profile();
        for function in config.functions.values_mut() {
            for part in &mut function.command {
                *part = part.replace("{profile}", profile);
            }
            if let Some(bootstrap) = &mut function.bootstrap {
                *bootstrap = bootstrap.to_string_lossy().replace("{profile}", profile).into();
            }
        }
        Ok(config)
    }

    /// Reads the configuration that an option names, or the one in the folder, or the defaults.
    pub(crate) fn find(option: Option<&Path>, folder: Option<&Path>) -> Result<Config, Failure> {
        match (option, folder.map(|folder| folder.join(FILE))) {
            (Some(file), _) => Config::read(file),
            (None, Some(file)) if file.is_file() => Config::read(&file),
            (None, _) => Ok(Config {
                folder: PathBuf::from("."),
                ..Config::default()
            }),
        }
    }

    /// Returns the region of ARNs.
    pub(crate) fn region(&self) -> String {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        self.region
            .clone()
            .or_else(|| variable("AWS_REGION"))
            .or_else(|| variable("AWS_DEFAULT_REGION"))
            .unwrap_or_else(|| REGION.to_owned())
    }

    /// Returns the account of ARNs.
    pub(crate) fn account(&self) -> String {
        self.account.clone().unwrap_or_else(|| ACCOUNT.to_owned())
    }
}

/// Returns the folder below `target` that this binary was built into: what `{profile}` stands for in commands.
fn profile() -> &'static str {
    if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    }
}

/// Returns the folder for data when none is named: `stepwell` in the user's data directory.
pub(crate) fn data_folder() -> Result<PathBuf, Failure> {
    let of = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let base = of("XDG_DATA_HOME")
        .or_else(|| of("HOME").map(|home| home.join(".local/share")))
        .or_else(|| of("LOCALAPPDATA"));
    match base {
        Some(base) => Ok(base.join("stepwell")),
        None => Err(Failure(
            "there is no data directory: name one by --data".to_owned(),
        )),
    }
}
