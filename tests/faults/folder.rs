//! Data folders that cannot be used: who is told what.

use super::mount::Mount;
use crate::cli::{Ended, Folder};
use crate::support::{Server, command, output, pass, wait};
use aws_sdk_sfn::types::ExecutionStatus;
use serde_json::json;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

/// Panics unless a command was refused in one line that names the folder and says this.
#[track_caller]
fn is_refused(ended: &Ended, folder: &Path, says: &str) {
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{ended:?}");
    assert_eq!(ended.err.lines().count(), 1, "{ended:?}");
    assert!(ended.err.contains(folder.to_str().unwrap()), "{ended:?}");
    assert!(ended.err.contains(says), "{ended:?}");
}

fn serve(folder: &Folder, data: &Path) -> Ended {
    folder.stepwell(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--data",
        data.to_str().unwrap(),
    ])
}

#[test]
fn a_file_is_no_folder() {
    let folder = Folder::new()
        .with("data", "text")
        .with("pass.json", pass().to_string());
    let data = folder.path("data");
    is_refused(
        &serve(&folder, &data),
        &data,
        "--data names a folder that can be written",
    );
    let run = folder.stepwell(&["run", "pass.json", "--data", data.to_str().unwrap()]);
    is_refused(&run, &data, "--data names a folder that can be written");
}

#[test]
fn a_read_only_file_system_is_named() {
    let folder = Folder::new();
    let data = folder.path("data");
    let Some(disk) = Mount::of(&data, 1024) else {
        return;
    };
    disk.read_only();
    is_refused(&serve(&folder, &data), &data, "Read-only file system");
    is_refused(
        &serve(&folder, &data),
        &data,
        "--data names a folder that can be written",
    );
}

#[test]
fn a_folder_of_somebody_else_is_named() {
    let folder = Folder::new();
    let data = folder.path("data");
    std::fs::create_dir(&data).unwrap();
    for readable in [folder.path("."), data.clone()] {
        std::fs::set_permissions(readable, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    // The lock is anybody's, the store is not: SQLite would open it for reading, and say nothing.
    let store = folder.path("data/stepwell.db");
    std::fs::write(&store, "").unwrap();
    std::fs::write(folder.path("data/lock"), "").unwrap();
    let lock = folder.path("data/lock");
    let as_nobody = || {
        let plain = command(&folder.path("."));
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(plain.get_program())
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(&data)
            .current_dir(folder.path("."))
            .output()
    };
    let Some(run) = as_nobody().ok().filter(|run| run.status.code() == Some(2)) else {
        eprintln!("skipped: this user may not become another one, or that one may not run the binary");
        return;
    };
    is_refused(&Ended::of(run), &data, "Permission denied");
    std::fs::set_permissions(&lock, std::fs::Permissions::from_mode(0o666)).unwrap();
    std::fs::set_permissions(&store, std::fs::Permissions::from_mode(0o444)).unwrap();
    is_refused(&Ended::of(as_nobody().unwrap()), &data, "cannot be written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_store_is_refused_and_left_alone() {
    let mut server = Server::start();
    let machine = server.create("passes", &pass()).await;
    let run = server.run(&machine, "run", "7").await;
    server.ended(&run).await;
    tokio::task::block_in_place(|| server.terminate());
    let data = server.data();
    let file = data.join("stepwell.db");
    let whole = std::fs::read(&file).unwrap();
    let folder = Folder::new();

    let mut damaged = whole.clone();
    damaged[..200].fill(0);
    for (bytes, says) in [
        (damaged, "file is not a database"),
        (whole[..whole.len() / 2].to_vec(), "malformed"),
        (Vec::new(), "has lost its store"),
    ] {
        std::fs::write(&file, &bytes).unwrap();
        is_refused(&serve(&folder, &data), &data, says);
        assert_eq!(std::fs::read(&file).unwrap(), bytes, "{says}");
    }
    std::fs::write(&file, &whole).unwrap();
    server.restart();
    assert_eq!(output(&server.described(&run).await), json!(7));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_is_refused_and_disturbs_nobody() {
    let mut server = Server::start();
    let machine = server.create("waits", &wait(3600)).await;
    let run = server.run(&machine, "run", "{}").await;
    let folder = Folder::new().with("pass.json", pass().to_string());
    let data = server.data();
    let holder = format!("in use by another process, {};", server.id());
    is_refused(&serve(&folder, &data), &data, &holder);
    let ran = folder.stepwell(&["run", "pass.json", "--data", data.to_str().unwrap()]);
    is_refused(&ran, &data, &holder);
    assert_eq!(server.described(&run).await.status, ExecutionStatus::Running);
    server.run(&machine, "another", "{}").await;

    // The system frees the lock of a process that is gone, in whatever way it went.
    server.kill();
    let ran = folder.stepwell(&["run", "pass.json", "--data", data.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    server.restart();
    assert_eq!(server.described(&run).await.status, ExecutionStatus::Running);
}
