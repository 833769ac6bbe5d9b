//! What it costs to have the server at all: time to the first answer, memory at rest, size of the binary.

use super::Plan;
use super::client::Client;
use super::figures::{Figures, median};
use super::process::Process;
use crate::commands::Failure;
use std::time::{Duration, Instant};

/// How long a server rests before its memory is read.
const REST: Duration = Duration::from_millis(300);

/// Measures servers over new stores.
pub(crate) async fn measure(plan: &Plan, figures: &mut Figures) -> Result<(), Failure> {
    const GROUP: &str = "start";
    let mut times = Vec::new();
    let mut memory = Vec::new();
    for _ in 0..plan.size(7, 3) {
        let begun = Instant::now();
        let server = Process::serve(plan, "", None).await?;
        Client::connect(server.address).await?.get("/health").await?;
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
        tokio::time::sleep(REST).await;
        memory.extend(server.memory("VmRSS"));
        server.end().await?;
    }
    figures.add(
        GROUP,
        "from spawning the process to its first answer",
        median(times),
        "ms",
    );
    if !memory.is_empty() {
        figures.add(GROUP, "memory at rest", median(memory), "MiB");
    }
    let binary = std::env::current_exe().and_then(std::fs::metadata);
    let binary = binary.map_err(Failure::while_trying("the size of this binary"))?;
    figures.add(GROUP, "the binary", binary.len() as f64 / 1024.0 / 1024.0, "MiB");
    Ok(())
}
