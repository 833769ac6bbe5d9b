//! The store alone: what the disk flushes, and what group commit makes of it.

use super::Plan;
use super::definitions::{CHAIN_INPUT, ROLE, chain, machine};
use super::figures::Figures;
use super::load::{CONNECTIONS, Load};
use crate::commands::Failure;
use asl::MachineType;
use engine::{Execution, ExecutionKey, Identity, Limits, Message, Timestamp, apply};
use local::{LocalJournal, Store};
use ports::{Created, Journal as _, Machine, Nonce, StoredPayload, Write, machine_key};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const GROUP: &str = "store: entries of such an execution, 64 writers, group commit";

type Record = (Arc<Identity>, Arc<Write>);

/// Measures how often the disk takes one page durably.
pub(crate) fn flushes(plan: &Plan, figures: &mut Figures) -> Result<(), Failure> {
    const PAGE: [u8; 4096] = [7; 4096];
    const PAGES: u64 = 1_000;
    let lasts = Duration::from_secs(plan.size(3, 1));
    let folder = plan.temporary_folder()?;
    let failed = || Failure::while_trying(folder.path().display());
    let mut file = std::fs::File::create(folder.path().join("pages")).map_err(failed())?;
    let (mut count, begun) = (0_u64, Instant::now());
    while begun.elapsed() < lasts {
        // Like a write-ahead log: it grows to its size once, and is written over from then on.
        file.seek(SeekFrom::Start(count % PAGES * PAGE.len() as u64))
            .map_err(failed())?;
        file.write_all(&PAGE).map_err(failed())?;
        file.sync_data().map_err(failed())?;
        count += 1;
    }
    let rate = count as f64 / begun.elapsed().as_secs_f64();
    figures.add(GROUP, "fdatasync of a page in the same folder", rate, "1/s");
    Ok(())
}

/// Measures how many entries the store takes durably.
pub(crate) async fn commits(plan: &Plan, figures: &mut Figures) -> Result<(), Failure> {
    let each = plan.size(300, 60);
    let folder = plan.temporary_folder()?;
    let store = Store::open(folder.path()).map_err(Failure::while_trying(folder.path().display()))?;
    let prepared = prepare(CONNECTIONS, each)?;
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for records in prepared {
        let journal = LocalJournal::new(store.clone());
        tasks.spawn(async move {
            let mut times = Vec::new();
            for (identity, write) in records {
                let begun = Instant::now();
                let created = journal
                    .create(identity, write)
                    .await
                    .map_err(Failure::while_trying("the journal"))?;
                if !matches!(created, Created::New) {
                    return Err(Failure("an execution of a new store was there before".to_owned()));
                }
                times.push(begun.elapsed());
            }
            Ok(times)
        });
    }
    let mut times = Vec::new();
    while let Some(done) = tasks.join_next().await {
        times.extend(done.map_err(Failure::while_trying("a writer"))??);
    }
    let load = Load::of(begun.elapsed(), times);
    let commits = store.commits() as f64;
    figures.add(GROUP, "entries", load.per_second(), "1/s");
    figures.add(
        GROUP,
        "commits, each with a flush",
        commits / load.elapsed.as_secs_f64(),
        "1/s",
    );
    figures.add(GROUP, "entries per commit", store.writes() as f64 / commits, "");
    figures.add(
        GROUP,
        "time until an entry is durable, median",
        load.percentile(50),
        "ms",
    );
    figures.add(GROUP, "... 99th percentile", load.percentile(99), "ms");
    store.close().await;
    let size =
        std::fs::metadata(folder.path().join("stepwell.db")).map_err(Failure::while_trying("the store"))?;
    figures.add(
        GROUP,
        "disk space of an entry",
        size.len() as f64 / store.writes() as f64 / 1024.0,
        "KiB",
    );
    Ok(())
}

/// Makes the entries before the clock runs.
fn prepare(writers: usize, each: usize) -> Result<Vec<Vec<Record>>, Failure> {
    let now = Timestamp(1_800_000_000_000);
    let machine = machine("chain", &chain(), now);
    let program = asl::compile(&machine.revision.definition, MachineType::Standard).program;
    let program = program.ok_or_else(|| Failure("the measured definition is wrong".to_owned()))?;
    let record = |number: usize| {
        let mut execution = Execution::new(
            identity(&machine, number, now),
            CHAIN_INPUT.into(),
            Limits::default(),
        );
        let outcome = apply(&program, &mut execution, Message::Start, now);
        let entry = execution.seal(outcome);
        let stored = |text: &Arc<str>| StoredPayload::Text(Arc::clone(text));
        let write = Write {
            payloads: entry
                .payloads
                .iter()
                .map(|payload| (payload.id, stored(&payload.text)))
                .collect(),
            nonce: Nonce(format!("{number:032x}")),
            lease_until: now.plus_seconds(60),
            next_deadline: None,
            output: entry
                .closing
                .as_ref()
                .and_then(|closing| closing.output.as_ref())
                .map(|data| stored(data.text())),
            entry,
        };
        (Arc::clone(&execution.identity), Arc::new(write))
    };
    Ok((0..writers)
        .map(|writer| (0..each).map(|place| record(writer * each + place)).collect())
        .collect())
}

fn identity(machine: &Machine, number: usize, started: Timestamp) -> Identity {
    let name = format!("00000000-0000-4000-8000-{number:012}");
    Identity {
        key: ExecutionKey {
            machine: machine_key(&machine.owner, &machine.name).into(),
            name: name.as_str().into(),
        },
        incarnation: format!("{number:026}").into(),
        arn: format!(
            "{}:{name}",
            machine.arn.replacen(":stateMachine:", ":execution:", 1)
        )
        .into(),
        name: name.as_str().into(),
        machine_arn: machine.arn.as_str().into(),
        machine_name: machine.name.as_str().into(),
        version_arn: None,
        alias_arn: None,
        role_arn: ROLE.into(),
        region: Arc::clone(&machine.owner.region),
        execution_type: machine.machine_type,
        started,
        seed: format!("{number:064}").into(),
        revision: machine.revision.id.as_str().into(),
        parent: None,
        trace_header: None,
        test_case: None,
        map: None,
    }
}
