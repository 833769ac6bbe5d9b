//! A process that is killed at any moment, and goes on.
//!
//! The real binary runs workflows of every kind under a steady load, and is killed as `kill -9` does: while it works,
//! while it takes over what was open, and before it listens. Then everything may end, and is held against what the same
//! definitions and inputs give without a kill.
//!
//! `STEPWELL_KILLS` sets the number of kills, `STEPWELL_SEED` repeats the choices of an earlier run; the moments at
//! which they meet the server are never quite the same.

mod clients;
mod ledger;
mod load;
mod machines;
mod random;
mod story;
mod verdict;

use crate::support::{self, Options, Server};
use load::Load;
use random::Random;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use verdict::Verdict;

/// Kills of a common test run; more by `STEPWELL_KILLS`.
const KILLS: u64 = 8;
/// How long all that is open may take to its end after the last kill.
const DRAIN: Duration = Duration::from_secs(120);

/// A span of time in which the server was killed, in milliseconds since 1970.
#[derive(Clone, Copy, Debug)]
struct Kill {
    before: i64,
    after: i64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_nothing_and_repeats_nothing() {
    let kills_wanted = number("STEPWELL_KILLS").unwrap_or(KILLS);
    let seed = number("STEPWELL_SEED").unwrap_or_else(|| now().unsigned_abs());
    println!("seed {seed}");
    let mut random = Random::new(seed);

    let folder = support::temporary_folder();
    let ledger = folder.path().join("ledger");
    let mut server = Server::start_with(Options {
        mocks: Some(machines::mocks()),
        config: Some(ledger::settings(&ledger)),
        ..Options::default()
    });
    let load = Arc::new(Load::new(
        machines::create(&server).await,
        server.client().clone(),
        ledger.clone(),
    ));

    // Without a kill: the expectations hold, and what one after the other happens is kept for comparison.
    let helpers = load.work(&mut random);
    load.start_one_of_each(&mut random).await;
    drain(&server, &load).await;
    let mut verdict = Verdict::default();
    verdict.learn(&server, &load);
    verdict.judge(&server, &load, &ledger, &[]);
    verdict.is_clean();

    let starters = load.start(&mut random);
    let mut kills = Vec::new();
    while (kills.len() as u64) < kills_wanted {
        let pause = if random.one_in(4) {
            random.below(10)
        } else {
            50 + random.below(550)
        };
        tokio::time::sleep(Duration::from_millis(pause)).await;
        tokio::task::block_in_place(|| {
            kills.push(timed(|| server.kill()));
            while random.one_in(4) {
                kills.push(timed(|| start_and_kill(&server, random.below(120))));
            }
            server.restart();
        });
        load.use_client(server.client().clone());
    }

    load.finish_starting();
    for starter in starters {
        starter.await.expect("every start is answered in the end");
    }
    drain(&server, &load).await;
    load.finish_working(helpers).await;
    let mut verdict = verdict.afresh();
    verdict.judge(&server, &load, &ledger, &kills);
    println!("{} kills, {}", kills.len(), verdict.figures());
    verdict.is_clean();
}

/// Starts a server on the same data, and kills it after some milliseconds, whether it listens or not.
fn start_and_kill(server: &Server, milliseconds: u64) {
    let mut command = support::command(server.folder());
    command.args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--data",
        "data",
        "--mock",
        "mocks.json",
    ]);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut process = command.spawn().expect("the server can be started");
    std::thread::sleep(Duration::from_millis(milliseconds));
    process.kill().expect("the process can be killed");
    process.wait().expect("the process ends");
}

/// Waits until every execution has ended.
async fn drain(server: &Server, load: &Load) {
    let begun = Instant::now();
    loop {
        let open = tokio::task::block_in_place(|| load.open(server));
        if open.is_empty() {
            return;
        }
        if begun.elapsed() > DRAIN {
            let stories: Vec<_> = open
                .iter()
                .take(3)
                .map(|arn| story::Story::read(server, arn))
                .collect();
            panic!("{} executions do not end: {open:#?}\n{stories:#?}", open.len());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn timed(act: impl FnOnce()) -> Kill {
    let before = now();
    act();
    Kill { before, after: now() }
}

fn now() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("the clock is right");
    i64::try_from(since.as_millis()).expect("the clock is right")
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("`{variable}` is `{text}`, expected a number")),
    )
}
