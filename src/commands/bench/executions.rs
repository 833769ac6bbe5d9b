//! Short executions: StartExecution over HTTP beside the ceiling of a trivial server, and the same starts without HTTP.

use super::Plan;
use super::client::Client;
use super::definitions::{CHAIN_INPUT, CHAIN_TRANSITIONS, ROLE, chain, machine};
use super::figures::Figures;
use super::load::{CONNECTIONS, Load, load};
use super::process::Process;
use crate::commands::Failure;
use crate::config::Config;
use crate::stack::{Options, Stack};
use asl::MachineType;
use driver::{Start, Started};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Rows that ListExecutions returns at most.
const PAGE_ROWS: u64 = 1000;
/// Requests before the clock runs: code is paged in, programs and statements are compiled.
const WARM_UP: u64 = 500;

/// Measures starts over HTTP, and the trivial server with the same client and the same connections.
pub(crate) async fn over_http(plan: &Plan, figures: &mut Figures) -> Result<(), Failure> {
    const GROUP: &str = "executions: a chain of 10 Pass and Choice states, 64 connections";
    let count = plan.size(20_000, 4_000);
    let server = Process::serve(plan, "", None).await?;
    let mut client = Client::connect(server.address).await?;
    let machine_arn = create_machine(&mut client, &chain()).await?;
    let body = json!({ "stateMachineArn": machine_arn, "input": CHAIN_INPUT }).to_string();
    let answer_bytes = client.post("StartExecution", &body).await?.len();
    load(server.address, WARM_UP - 1, "StartExecution", &body).await?;

    let (store, processor, disk) = (
        server.store().await?,
        server.processor_time(),
        server.disk_bytes(),
    );
    let begun = Instant::now();
    let starts = load(server.address, count, "StartExecution", &body).await?;
    while counted(&mut client, &machine_arn, "RUNNING", 1).await? > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let (store_after, processor_after) = (server.store().await?, server.processor_time());
    let disk_after = server.disk_bytes();
    let expected = count + WARM_UP;
    let succeeded = counted(&mut client, &machine_arn, "SUCCEEDED", expected + 1).await?;
    if succeeded != expected {
        return Err(Failure(format!(
            "{succeeded} executions succeeded, but {expected} were started"
        )));
    }
    server.end().await?;

    let per_second = count as f64 / seconds;
    figures.add(GROUP, "executions started and succeeded", per_second, "1/s");
    figures.add(GROUP, "transitions", per_second * CHAIN_TRANSITIONS as f64, "1/s");
    add_latency(GROUP, figures, &starts);
    let writes = (store_after.writes - store.writes) as f64;
    let commits = (store_after.commits - store.commits) as f64;
    figures.add(GROUP, "journal writes per execution", writes / count as f64, "");
    figures.add(GROUP, "executions per flush", count as f64 / commits, "");
    if let (Some(before), Some(after)) = (disk, disk_after) {
        let kibibytes = (after - before) as f64 / 1024.0;
        figures.add(
            GROUP,
            "written to the disk per execution",
            kibibytes / count as f64,
            "KiB",
        );
    }
    let per_request = |before: Option<Duration>, after: Option<Duration>| {
        Some((after? - before?).as_secs_f64() * 1e6 / count as f64)
    };
    if let Some(micros) = per_request(processor, processor_after) {
        figures.add(GROUP, "processor time of the server per execution", micros, "us");
    }

    let trivial = Process::trivial(plan, answer_bytes).await?;
    load(trivial.address, WARM_UP, "StartExecution", &body).await?;
    let processor = trivial.processor_time();
    let ceiling = load(trivial.address, count, "StartExecution", &body).await?;
    let processor_after = trivial.processor_time();
    trivial.end().await?;
    figures.add(GROUP, "trivial server: requests", ceiling.per_second(), "1/s");
    if let Some(micros) = per_request(processor, processor_after) {
        figures.add(GROUP, "trivial server: processor time per request", micros, "us");
    }
    figures.add(
        GROUP,
        "executions / requests of the trivial server",
        per_second / ceiling.per_second(),
        "",
    );
    Ok(())
}

/// Measures the same starts through the driver, without HTTP and API.
pub(crate) async fn in_process(plan: &Plan, figures: &mut Figures) -> Result<(), Failure> {
    const GROUP: &str = "the same executions without HTTP, 64 tasks in this process";
    let count: u64 = plan.size(20_000, 4_000);
    let folder = plan.temporary_folder()?;
    let stack = Stack::open(
        &Config::default(),
        Options {
            data: Some(folder.path()),
            mocks: None,
            fast_forward: false,
            served_at: None,
            observer: None,
            watch: None,
        },
    )?;
    let now = stack.driver.ports().clock.now();
    let machine = machine("chain", &chain(), now);
    let program = asl::compile(&machine.revision.definition, MachineType::Standard).program;
    let program = Arc::new(program.ok_or_else(|| Failure("the measured definition is wrong".to_owned()))?);
    let begun_ones = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (driver, machine, program) = (stack.driver.clone(), machine.clone(), Arc::clone(&program));
        let begun_ones = Arc::clone(&begun_ones);
        tasks.spawn(async move {
            let mut times = Vec::new();
            loop {
                let number = begun_ones.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return Ok::<_, Failure>(times);
                }
                let begun = Instant::now();
                let start = Start {
                    machine: machine.clone(),
                    program: Arc::clone(&program),
                    name: number.to_string(),
                    input: CHAIN_INPUT.into(),
                    trace_header: None,
                    version_arn: None,
                    alias_arn: None,
                    test_case: None,
                    parent: None,
                    part: None,
                };
                let started = driver
                    .start(start)
                    .await
                    .map_err(Failure::while_trying("a start"))?;
                if !matches!(started, Started::New { .. }) {
                    return Err(Failure("an execution of a new store was there before".to_owned()));
                }
                times.push(begun.elapsed());
            }
        });
    }
    let mut times = Vec::new();
    while let Some(done) = tasks.join_next().await {
        times.extend(done.map_err(Failure::while_trying("a task"))??);
    }
    let starts = Load::of(begun.elapsed(), times);
    figures.add(GROUP, "executions", starts.per_second(), "1/s");
    add_latency(GROUP, figures, &starts);
    stack.close().await;
    Ok(())
}

/// Creates a state machine through the API; returns its ARN.
pub(crate) async fn create_machine(client: &mut Client, definition: &str) -> Result<String, Failure> {
    let members = json!({ "name": "bench", "definition": definition, "roleArn": ROLE });
    let answer = client.call("CreateStateMachine", &members).await?;
    text(&answer, "stateMachineArn")
}

/// Returns a member that is a text.
pub(crate) fn text(answer: &Value, member: &str) -> Result<String, Failure> {
    let text = answer[member].as_str().map(str::to_owned);
    text.ok_or_else(|| Failure(format!("the answer {answer} has no `{member}`")))
}

/// Counts executions with a status, up to `most`.
async fn counted(client: &mut Client, machine: &str, status: &str, most: u64) -> Result<u64, Failure> {
    let mut members =
        json!({ "stateMachineArn": machine, "statusFilter": status, "maxResults": most.min(PAGE_ROWS) });
    let mut count = 0;
    loop {
        let page = client.call("ListExecutions", &members).await?;
        count += page["executions"].as_array().map_or(0, Vec::len) as u64;
        if count >= most || page["nextToken"].is_null() {
            return Ok(count);
        }
        members["nextToken"] = page["nextToken"].clone();
    }
}

fn add_latency(group: &'static str, figures: &mut Figures, load: &Load) {
    figures.add(
        group,
        "time until a start is durable and answered, median",
        load.percentile(50),
        "ms",
    );
    figures.add(group, "... 99th percentile", load.percentile(99), "ms");
}
