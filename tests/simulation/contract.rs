//! The simulated ports, when nothing goes wrong, keep the contract of the ports.

use crate::blobs::SimBlobs;
use crate::journal::SimJournal;
use crate::plan::Plan;
use crate::process::{Process, Role, SimClock};
use crate::queues::SimMailbox;
use crate::registry::SimRegistry;
use crate::timers::SimTimers;
use crate::world::{World, locked};
use ports::{Envelope, conformance};
use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

fn process() -> (Arc<Process>, UnboundedReceiver<Envelope>) {
    let world = World::new(0, Plan::calm(), None);
    world.heal();
    let (send, arrivals) = unbounded_channel();
    locked(&world.queues).arrivals = Some(send);
    (Process::start(&world, Role::Worker), arrivals)
}

#[tokio::test(start_paused = true)]
async fn journal() {
    conformance::journal::all(&SimJournal(process().0)).await;
}

#[tokio::test(start_paused = true)]
async fn registry() {
    conformance::registry::all(&SimRegistry(process().0)).await;
}

#[tokio::test(start_paused = true)]
async fn blobs() {
    conformance::blobs::all(&SimBlobs(process().0)).await;
}

#[tokio::test(start_paused = true)]
async fn mailbox() {
    let (process, mut arrivals) = process();
    let mailbox = SimMailbox(process);
    conformance::mailbox::all(&mailbox, &mut async || arrivals.recv().await.expect("open")).await;
    conformance::mailbox::remembers_who_waits_for_a_job(&mailbox).await;
}

#[tokio::test(start_paused = true)]
async fn timers() {
    let (process, mut arrivals) = process();
    let clock = SimClock(Arc::clone(&process));
    let arrival = &mut async || arrivals.recv().await.expect("open");
    conformance::timers::all(&SimTimers(process), &clock, arrival).await;
}
