//! The binary under test, and where it runs.

use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// Returns a command that runs the binary under test. It inherits no AWS settings, and nothing of the user's home.
pub(crate) fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stepwell"));
    for (name, _) in std::env::vars_os() {
        let is_setting = name
            .to_str()
            .is_some_and(|name| name.starts_with("AWS_") || name.starts_with("STEPWELL_"));
        if is_setting {
            command.env_remove(name);
        }
    }
    // Nobody answers there, so that a call that is not mocked cannot leave this machine.
    command
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    command
        .env("AWS_ACCESS_KEY_ID", "none")
        .env("AWS_SECRET_ACCESS_KEY", "none");
    command
        .env("HOME", folder)
        .env_remove("XDG_DATA_HOME")
        .current_dir(folder);
    command
}

/// Makes a folder that is removed when it is dropped.
pub(crate) fn temporary_folder() -> TempDir {
    tempfile::Builder::new()
        .prefix("stepwell-test-")
        .tempdir()
        .expect("a temporary folder")
}

/// Returns the folder of the repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
