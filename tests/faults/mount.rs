//! A small file system in memory, where this user may mount one.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A mounted file system, until it is dropped.
#[derive(Debug)]
pub(super) struct Mount(PathBuf);

impl Mount {
    /// Mounts a file system of so many KiB; says so in one line when that is not permitted.
    pub(super) fn of(folder: &Path, kibibytes: usize) -> Option<Mount> {
        std::fs::create_dir_all(folder).expect("the folder can be made");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={kibibytes}k"), "none"])
            .arg(folder)
            .output()
            .is_ok_and(|run| run.status.success());
        if !mounted {
            eprintln!("skipped: this user may not mount a file system");
        }
        mounted.then(|| Mount(folder.to_owned()))
    }

    /// Writes until there is no room for another byte.
    pub(super) fn fill(&self) {
        let mut ballast = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.ballast())
            .expect("the ballast can be opened");
        for size in [65_536, 4_096, 1] {
            while ballast.write_all(&vec![b'x'; size]).is_ok() {}
        }
    }

    /// Makes room again.
    pub(super) fn empty(&self) {
        std::fs::remove_file(self.ballast()).expect("the ballast can be removed");
    }

    /// Lets nobody write any more.
    pub(super) fn read_only(&self) {
        let run = Command::new("mount")
            .args(["-o", "remount,ro"])
            .arg(&self.0)
            .status();
        assert!(run.is_ok_and(|status| status.success()), "it is mounted anew");
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Processes may still use it: it goes when they do.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
