//! The blob store.

use crate::mutants::Mutant;
use crate::process::Process;
use crate::world::locked;
use async_trait::async_trait;
use ports::{BlobError, Blobs};
use std::sync::Arc;
use std::time::Duration;

pub(crate) struct SimBlobs(pub(crate) Arc<Process>);

#[async_trait]
impl Blobs for SimBlobs {
    async fn put(&self, name: &str, text: Arc<str>) -> Result<(), BlobError> {
        let (world, name) = (Arc::clone(&self.0.world), name.to_owned());
        let put = move || {
            if world.mutant == Some(Mutant::BlobLate) {
                let later = Arc::clone(&world);
                return world.spawn("a late document", async move {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    locked(&later.blobs).insert(name, text);
                });
            }
            locked(&world.blobs).insert(name, text);
        };
        self.0.request("blobs.put", put).await.map_err(BlobError)
    }

    async fn get(&self, name: &str) -> Result<Option<Arc<str>>, BlobError> {
        let (world, name) = (Arc::clone(&self.0.world), name.to_owned());
        let get = move || locked(&world.blobs).get(&name).cloned();
        self.0.request("blobs.get", get).await.map_err(BlobError)
    }
}
