//! This binary as a child: a server to measure, and what it has cost.

use super::Plan;
use super::client::Client;
use crate::commands::Failure;
use serde_json::Value;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// Clock ticks of `/proc/PID/stat` in a second: Linux shows users 100, whatever the kernel counts in.
const TICKS_PER_SECOND: u64 = 100;

/// A server in a process of its own; it ends with this value.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    /// Where it answers.
    pub(crate) address: SocketAddr,
    _folder: TempDir,
}

/// What a store has done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StoreCounters {
    /// Transactions: flushes of the disk.
    pub(crate) commits: u64,
    /// Journal entries.
    pub(crate) writes: u64,
}

impl Process {
    /// Starts `stepwell serve` over a new store, with the text of a configuration and of mocks.
    pub(crate) async fn serve(plan: &Plan, config: &str, mocks: Option<&str>) -> Result<Process, Failure> {
        let folder = plan.temporary_folder()?;
        let put = |name: &str, text: &str| {
            let file = folder.path().join(name);
            std::fs::write(&file, text).map_err(Failure::while_trying(file.display()))
        };
        put("stepwell.toml", config)?;
        let mut options = vec!["serve", "--listen", "127.0.0.1:0", "--data", "data"];
        if let Some(mocks) = mocks {
            put("mocks.json", mocks)?;
            options.extend(["--mock", "mocks.json"]);
        }
        Process::start(&options, folder).await
    }

    /// Starts a server that answers every POST with so many bytes.
    pub(crate) async fn trivial(plan: &Plan, bytes: usize) -> Result<Process, Failure> {
        let bytes = bytes.to_string();
        Process::start(&["bench", "--trivial-server", &bytes], plan.temporary_folder()?).await
    }

    async fn start(options: &[&str], folder: TempDir) -> Result<Process, Failure> {
        let binary = std::env::current_exe().map_err(Failure::while_trying("the path of this binary"))?;
        let mut child = Command::new(binary)
            .args(options)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(Failure::while_trying("starting the server"))?;
        let silent = || Failure("the server ended without saying where it listens".to_owned());
        let mut lines = BufReader::new(child.stdout.take().ok_or_else(silent)?).lines();
        let line = lines
            .next_line()
            .await
            .map_err(Failure::while_trying("the server"))?
            .ok_or_else(silent)?;
        let address = line
            .rsplit("http://")
            .next()
            .and_then(|address| address.parse().ok());
        Ok(Process {
            child,
            address: address.ok_or_else(silent)?,
            _folder: folder,
        })
    }

    /// Ends the process, and waits until it is gone.
    pub(crate) async fn end(mut self) -> Result<(), Failure> {
        self.child
            .kill()
            .await
            .map_err(Failure::while_trying("ending the server"))
    }

    /// Returns what the store of `stepwell serve` has done.
    pub(crate) async fn store(&self) -> Result<StoreCounters, Failure> {
        let mut client = Client::connect(self.address).await?;
        let health: Value =
            serde_json::from_slice(client.get("/health").await?).map_err(Failure::while_trying("/health"))?;
        let counter = |name: &str| {
            let value = health["store"][name].as_u64();
            value.ok_or_else(|| Failure(format!("/health does not tell the store's `{name}`")))
        };
        Ok(StoreCounters {
            commits: counter("commits")?,
            writes: counter("writes")?,
        })
    }

    /// Returns the processor time that the process has used; `None` where there is no `/proc`.
    pub(crate) fn processor_time(&self) -> Option<Duration> {
        let text = self.proc("stat")?;
        // The second field is the name in parentheses; user and system time are the 14th and the 15th.
        let (_, rest) = text.rsplit_once(')')?;
        let mut fields = rest.split_whitespace().skip(11);
        let user: u64 = fields.next()?.parse().ok()?;
        let system: u64 = fields.next()?.parse().ok()?;
        Some(Duration::from_millis((user + system) * 1000 / TICKS_PER_SECOND))
    }

    /// Returns a memory figure of the process in MiB: `VmRSS` is what it has now, `VmHWM` the most it ever had.
    pub(crate) fn memory(&self, field: &str) -> Option<f64> {
        let text = self.proc("status")?;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
        let kibibytes: f64 = line.split_whitespace().next()?.parse().ok()?;
        Some(kibibytes / 1024.0)
    }

    /// Returns how many bytes the process has made the disks write; `None` where there is no `/proc`.
    pub(crate) fn disk_bytes(&self) -> Option<u64> {
        let text = self.proc("io")?;
        text.lines()
            .find_map(|line| line.strip_prefix("write_bytes: ")?.parse().ok())
    }

    fn proc(&self, file: &str) -> Option<String> {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id()?)).ok()
    }
}
