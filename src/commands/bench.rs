//! `stepwell bench`: measures this binary on this machine, so that anyone can repeat the project's figures.

mod client;
mod counting;
mod definitions;
mod executions;
mod figures;
mod load;
mod map;
mod process;
mod startup;
mod store;
mod trivial;

use super::Failure;
use clap::ValueEnum;
use figures::Figures;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Which measurements; default: all.
    #[arg(value_name = "MEASUREMENT")]
    only: Vec<Measurement>,
    /// Measure briefly: coarser figures in a few seconds.
    #[arg(long)]
    quick: bool,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// Where the measured stores are kept meanwhile; default: the system's folder for temporary files.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Answers every POST with so many bytes, instead of measuring: what the server is compared with.
    #[arg(long, value_name = "BYTES", hide = true)]
    trivial_server: Option<usize>,
}

/// One group of figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Measurement {
    /// Short executions started over HTTP, beside a trivial server and the same starts without HTTP.
    Executions,
    /// The store alone: group commits, and the flushes of the disk.
    Store,
    /// One execution with 10,000 transitions: does its age slow it down?
    Counting,
    /// An inline Map over 1,000 and 10,000 items: time and memory.
    Map,
    /// Time to the first answer, memory at rest, size of the binary.
    Startup,
}

/// How and where to measure.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    quick: bool,
    folder: PathBuf,
}

impl Plan {
    /// Returns the size of a measurement: the full one, or that of `--quick`.
    fn size<T>(&self, full: T, quick: T) -> T {
        if self.quick { quick } else { full }
    }

    /// Makes a folder that is gone after the measurement.
    fn temporary_folder(&self) -> Result<TempDir, Failure> {
        TempDir::with_prefix_in("stepwell-bench-", &self.folder)
            .map_err(Failure::while_trying(self.folder.display()))
    }
}

/// Measures, and prints one table.
pub(crate) fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    // One thread asks, so that the client leaves the other cores to what is measured.
    let client = runtime(Builder::new_current_thread())?;
    if let Some(bytes) = arguments.trivial_server {
        return runtime(Builder::new_multi_thread())?.block_on(trivial::serve(bytes));
    }
    if cfg!(debug_assertions) {
        eprintln!("stepwell: this is a debug build: measure with `cargo run --release -- bench`");
    }
    let plan = Plan {
        quick: arguments.quick,
        folder: arguments.folder.unwrap_or_else(std::env::temp_dir),
    };
    let wanted = if arguments.only.is_empty() {
        Measurement::value_variants()
    } else {
        &arguments.only
    };
    let mut figures = Figures::default();
    for measurement in wanted {
        match measurement {
            Measurement::Executions => {
                client.block_on(executions::over_http(&plan, &mut figures))?;
                runtime(Builder::new_multi_thread())?
                    .block_on(executions::in_process(&plan, &mut figures))?;
            }
            Measurement::Store => {
                store::flushes(&plan, &mut figures)?;
                runtime(Builder::new_multi_thread())?.block_on(store::commits(&plan, &mut figures))?;
            }
            Measurement::Counting => {
                runtime(Builder::new_multi_thread())?.block_on(counting::measure(&plan, &mut figures))?;
            }
            Measurement::Map => client.block_on(map::measure(&plan, &mut figures))?,
            Measurement::Startup => client.block_on(startup::measure(&plan, &mut figures))?,
        }
    }
    let text = if arguments.json {
        format!("{:#}\n", figures.json())
    } else {
        figures.table()
    };
    std::io::stdout()
        .lock()
        .write_all(text.as_bytes())
        .map_err(Failure::while_trying("writing the figures"))?;
    Ok(ExitCode::SUCCESS)
}

fn runtime(mut builder: Builder) -> Result<Runtime, Failure> {
    builder
        .enable_all()
        .build()
        .map_err(Failure::while_trying("the runtime"))
}
