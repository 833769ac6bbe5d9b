//! The local adapters against the contract of the ports.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use local::{
    LocalBlobs, LocalClock, LocalJournal, LocalMailbox, LocalRegistry, LocalTimers, Store, SystemClock,
};
use ports::conformance;
use std::sync::Arc;
use tempfile::TempDir;

fn stores() -> (TempDir, [Store; 2]) {
    let folder = TempDir::new().unwrap();
    let stores = [Store::open(folder.path()).unwrap(), Store::in_memory().unwrap()];
    (folder, stores)
}

#[tokio::test(flavor = "multi_thread")]
async fn journal() {
    let (_folder, stores) = stores();
    for store in stores {
        conformance::journal::all(&LocalJournal::new(store)).await;
    }
}

#[tokio::test]
async fn registry() {
    let (_folder, stores) = stores();
    for store in stores {
        conformance::registry::all(&LocalRegistry::new(store)).await;
    }
}

#[tokio::test]
async fn blobs() {
    let (_folder, stores) = stores();
    for store in stores {
        conformance::blobs::all(&LocalBlobs::new(store)).await;
    }
}

#[tokio::test]
async fn mailbox() {
    let (mailbox, mut arrivals) = LocalMailbox::new();
    conformance::mailbox::all(&mailbox, &mut async || arrivals.recv().await.unwrap()).await;
}

#[tokio::test]
async fn timers() {
    let (mailbox, mut arrivals) = LocalMailbox::new();
    let clock: Arc<dyn LocalClock> = Arc::new(SystemClock);
    let timers = LocalTimers::new(Arc::clone(&clock), mailbox.sender());
    conformance::timers::all(&timers, &*clock, &mut async || arrivals.recv().await.unwrap()).await;
}
