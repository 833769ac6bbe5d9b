use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use thiserror::Error;

use crate::environment;

/// The time limit of a function that names none. // AWS's default
pub const TIMEOUT_SECONDS_DEFAULT: u64 = 3;
const TIMEOUT_SECONDS_MAX: u64 = 900; // AWS quota
const MEMORY_MB_DEFAULT: u64 = 128; // AWS's default
/// How many processes a function may have that names no `concurrency`: a big Map must not fill the machine's memory.
const CONCURRENCY_DEFAULT: usize = 64;
/// What runs a Python module: the program reads the bootstrap from standard input, so no file is left behind.
const PYTHON_DEFAULT: &str = "python3";

/// One local function: a `[functions.NAME]` table of the configuration file.
///
/// It is started by exactly one of `command`, `bootstrap` and `runtime`; with `runtime`, `command` names the
/// interpreter.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FunctionSettings {
    /// The program and its arguments; with `runtime = "python3"`, the interpreter to use instead of `python3`.
    ///
    /// A program with a relative path is looked for from the working directory, a bare name in `PATH`.
    #[serde(default)]
    pub command: Vec<String>,
    /// The path of an executable that speaks the Runtime API, or of the folder that holds one named `bootstrap`.
    #[serde(default)]
    pub bootstrap: Option<PathBuf>,
    /// The language runtime that runs `handler`.
    #[serde(default)]
    pub runtime: Option<Runtime>,
    /// The handler, `MODULE.FUNCTION` for Python; other programs find it in `_HANDLER`.
    #[serde(default)]
    pub handler: Option<String>,
    /// Environment variables of the function; those that Lambda reserves are refused.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Seconds that an invocation may take: 3 when unset, as on AWS, and 900 at most.
    #[serde(default)]
    pub timeout_seconds: Option<u64>,
    /// The memory size that the function is told, 128 when unset; nothing enforces it.
    #[serde(default)]
    pub memory_mb: Option<u64>,
    /// How many processes run at once, 64 when unset; further invocations wait.
    #[serde(default)]
    pub concurrency: Option<usize>,
    /// The folder that the function runs in and finds in `LAMBDA_TASK_ROOT`, from the base directory.
    ///
    /// When unset it is the folder of `bootstrap`, or else the base directory.
    #[serde(default)]
    pub working_directory: Option<PathBuf>,
}

/// A language runtime that Stepwell brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Runtime {
    /// Python, by the interpreter that is installed.
    #[serde(rename = "python3")]
    Python3,
}

/// Says what is wrong with the settings of a local function.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("function `{function}`: {problem}")]
pub struct FunctionSettingsError {
    /// The function's name.
    pub function: String,
    /// What is wrong.
    pub problem: String,
}

/// Settings that were checked and have their defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Launch {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    /// What the process reads from standard input.
    pub(crate) input: Option<&'static str>,
    pub(crate) working_directory: PathBuf,
    pub(crate) handler: String,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) timeout: Duration,
    pub(crate) memory_mb: u64,
    pub(crate) concurrency: usize,
}

impl FunctionSettings {
    pub(crate) fn launch(&self, name: &str, base: &Path) -> Result<Launch, FunctionSettingsError> {
        self.checked(base).map_err(|problem| FunctionSettingsError {
            function: name.to_owned(),
            problem,
        })
    }

    fn checked(&self, base: &Path) -> Result<Launch, String> {
        if let Some(name) = self
            .environment
            .keys()
            .find(|name| environment::is_reserved(name))
        {
            return Err(format!("`environment` sets `{name}`, which Lambda reserves"));
        }
        let seconds = self.timeout_seconds.unwrap_or(TIMEOUT_SECONDS_DEFAULT);
        if !(1..=TIMEOUT_SECONDS_MAX).contains(&seconds) {
            return Err(format!(
                "`timeout_seconds` is {seconds}, expected 1 to {TIMEOUT_SECONDS_MAX}"
            ));
        }
        let concurrency = self.concurrency.unwrap_or(CONCURRENCY_DEFAULT);
        if concurrency == 0 {
            return Err("`concurrency` is 0, expected at least 1".to_owned());
        }
        let working_directory = self.working_directory(base);
        let (program, arguments) = self.program(base, &working_directory)?;
        Ok(Launch {
            program,
            arguments,
            input: self
                .runtime
                .map(|Runtime::Python3| include_str!("../python/bootstrap.py")),
            working_directory,
            handler: self.handler.clone().unwrap_or_else(|| "bootstrap".to_owned()),
            environment: self.environment.clone(),
            timeout: Duration::from_secs(seconds),
            memory_mb: self.memory_mb.unwrap_or(MEMORY_MB_DEFAULT),
            concurrency,
        })
    }

    fn working_directory(&self, base: &Path) -> PathBuf {
        let beside_bootstrap = || {
            self.bootstrap
                .as_ref()
                .and_then(|path| Some(bootstrap_file(base, path).parent()?.to_owned()))
        };
        match &self.working_directory {
            Some(folder) => base.join(folder),
            None => beside_bootstrap().unwrap_or_else(|| base.to_owned()),
        }
    }

    fn program(&self, base: &Path, working_directory: &Path) -> Result<(PathBuf, Vec<String>), String> {
        let command = self.command.split_first();
        match (self.runtime, &self.bootstrap, command) {
            (Some(Runtime::Python3), None, command) => {
                if self.handler.is_none() {
                    return Err("`runtime` needs a `handler`, such as `module.function`".to_owned());
                }
                let (program, arguments) = match command {
                    Some((program, arguments)) => (located(program, working_directory), arguments),
                    None => (PathBuf::from(PYTHON_DEFAULT), &[][..]),
                };
                // `-u`: a line that was printed is seen even if the process is killed next.
                let own = ["-u".to_owned(), "-".to_owned()];
                Ok((program, arguments.iter().cloned().chain(own).collect()))
            }
            (None, Some(path), None) => Ok((bootstrap_file(base, path), Vec::new())),
            (None, None, Some((program, arguments))) => {
                Ok((located(program, working_directory), arguments.to_vec()))
            }
            (None, None, None) => Err("one of `command`, `bootstrap` and `runtime` is needed".to_owned()),
            (Some(_), Some(_), _) => Err("`bootstrap` and `runtime` exclude each other".to_owned()),
            (None, Some(_), Some(_)) => Err("`bootstrap` and `command` exclude each other".to_owned()),
        }
    }
}

fn bootstrap_file(base: &Path, path: &Path) -> PathBuf {
    let path = base.join(path);
    if path.is_dir() {
        path.join("bootstrap")
    } else {
        path
    }
}

/// Roots a relative path in the working directory: from where else it is looked for differs between systems.
fn located(program: &str, working_directory: &Path) -> PathBuf {
    if program.contains(std::path::is_separator) {
        working_directory.join(program)
    } else {
        PathBuf::from(program)
    }
}

#[cfg(test)]
mod tests;
