//! `stepwell serve` as a process of its own, that dies with the test.

use super::binary::{command, temporary_folder};
use super::client::{self, Sfn};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long anything may take before a test gives up. Generous: the machine may be busy.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// How to start the server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// A mock configuration.
    pub(crate) mocks: Option<serde_json::Value>,
    /// The text of a `stepwell.toml`.
    pub(crate) config: Option<String>,
    /// Whether time jumps over waits.
    pub(crate) fast_forward: bool,
    /// Environment variables beside those of every test.
    pub(crate) environment: Vec<(String, String)>,
}

/// A running server with a data folder of its own.
#[derive(Debug)]
pub(crate) struct Server {
    process: Option<Child>,
    port: u16,
    folder: TempDir,
    options: Options,
    client: Sfn,
}

impl Server {
    /// Starts a server without mocks and functions.
    pub(crate) fn start() -> Server {
        Server::start_with(Options::default())
    }

    /// Starts a server whose mock configuration this is.
    pub(crate) fn start_mocked(mocks: serde_json::Value) -> Server {
        Server::start_with(Options {
            mocks: Some(mocks),
            ..Options::default()
        })
    }

    /// Starts a server.
    pub(crate) fn start_with(options: Options) -> Server {
        let folder = temporary_folder();
        if let Some(mocks) = &options.mocks {
            std::fs::write(folder.path().join("mocks.json"), mocks.to_string())
                .expect("the mocks can be written");
        }
        if let Some(config) = &options.config {
            std::fs::write(folder.path().join("stepwell.toml"), config)
                .expect("the configuration can be written");
        }
        let (process, port) = spawn(folder.path(), &options, 0);
        Server {
            process: Some(process),
            port,
            folder,
            options,
            client: client::client(port, client::ACCOUNT),
        }
    }

    /// Returns the port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Returns the process.
    pub(crate) fn id(&self) -> u32 {
        self.process.as_ref().expect("the server runs").id()
    }

    /// Returns the data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Returns the folder that the server runs in; `stderr.log` there has what it wrote.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the client of the default account.
    pub(crate) fn client(&self) -> &Sfn {
        &self.client
    }

    /// Kills the process as `kill -9` does, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        let mut process = self.process.take().expect("the server runs");
        process.kill().expect("the process can be killed");
        process.wait().expect("the process ends");
    }

    /// Asks the process to end as `kill` does; returns how it ended and how long that took.
    pub(crate) fn terminate(&mut self) -> (ExitStatus, Duration) {
        let mut process = self.process.take().expect("the server runs");
        let begun = Instant::now();
        signal("TERM", process.id());
        let status = wait_for_end(&mut process, DEADLINE);
        (status, begun.elapsed())
    }

    /// Starts the server again on the same data folder, at another port. The earlier process must have ended.
    pub(crate) fn restart(&mut self) {
        self.restart_at(0);
    }

    /// Starts the server again on the same data folder and port, so that what its clients know still holds.
    ///
    /// A client that was made before tries its dead connection once, and fails once.
    pub(crate) fn restart_on_same_port(&mut self) {
        self.restart_at(self.port);
    }

    fn restart_at(&mut self, port: u16) {
        assert!(self.process.is_none(), "the server still runs");
        let (process, port) = spawn(self.folder.path(), &self.options, port);
        self.process = Some(process);
        self.port = port;
        // The connections of the earlier client died with the earlier process.
        self.client = client::client(port, client::ACCOUNT);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            // It may have ended by itself.
            let _ = process.kill();
            let _ = process.wait();
        }
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.path().join("stderr.log")).unwrap_or_default();
            eprintln!("--- what the server wrote ---\n{log}---");
        }
    }
}

fn spawn(folder: &Path, options: &Options, port: u16) -> (Child, u16) {
    let log = File::options()
        .create(true)
        .append(true)
        .open(folder.join("stderr.log"))
        .expect("a log can be opened");
    let mut command = command(folder);
    command.envs(options.environment.iter().cloned());
    command.args([
        "serve",
        "--listen",
        &format!("127.0.0.1:{port}"),
        "--data",
        "data",
    ]);
    if options.mocks.is_some() {
        command.args(["--mock", "mocks.json"]);
    }
    if options.fast_forward {
        command.arg("--fast-forward");
    }
    let mut process = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .expect("the server can be started");
    let line = first_line(&mut process);
    let port = line
        .rsplit_once(':')
        .and_then(|(_, port)| port.trim_end().parse().ok());
    let Some(port) = port else {
        let _ = process.kill();
        let _ = process.wait();
        let log = std::fs::read_to_string(folder.join("stderr.log")).unwrap_or_default();
        panic!("the server did not begin to listen: it wrote `{line}` and\n{log}");
    };
    (process, port)
}

/// Reads the first line that a process writes; empty if it ends before, or is silent for too long.
pub(crate) fn first_line(process: &mut Child) -> String {
    let stdout = process.stdout.take().expect("the output is a pipe");
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let mut reader = BufReader::new(stdout);
        let mut line = String::new();
        // A line that cannot be read is an empty one.
        let _ = reader.read_line(&mut line);
        let _ = send.send(line);
        // The pipe stays open until the process ends: writing to a closed one would end it.
        let _ = std::io::copy(&mut reader, &mut std::io::sink());
    });
    receive.recv_timeout(DEADLINE).unwrap_or_default()
}

/// Sends a signal to one process.
pub(crate) fn signal(name: &str, process: u32) {
    let sent = Command::new("kill")
        .arg(format!("-{name}"))
        .arg(process.to_string())
        .status()
        .expect("`kill` runs");
    assert!(
        sent.success(),
        "the signal {name} could not be sent to process {process}"
    );
}

/// Waits until a process has ended.
pub(crate) fn wait_for_end(process: &mut Child, deadline: Duration) -> ExitStatus {
    let begun = Instant::now();
    loop {
        if let Some(status) = process.try_wait().expect("the process can be asked") {
            return status;
        }
        if begun.elapsed() > deadline {
            let _ = process.kill();
            let _ = process.wait();
            panic!("the process did not end within {deadline:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
