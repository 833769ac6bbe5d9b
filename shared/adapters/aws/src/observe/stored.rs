//! What the journal knows of executions, for what is told of them and is not at hand.

use super::buffer::{ActivityStart, Change, Told};
use engine::{Details, ExecutionKey};
use ports::{Blobs, Journal, StoredPayload};
use std::sync::Arc;

/// Reads the journal and the documents that lie outside it.
#[derive(Clone)]
pub(super) struct Stored {
    journal: Arc<dyn Journal>,
    blobs: Arc<dyn Blobs>,
}

impl Stored {
    pub(super) fn new(journal: Arc<dyn Journal>, blobs: Arc<dyn Blobs>) -> Stored {
        Stored { journal, blobs }
    }

    /// Adds the documents that the events show and that are not at hand; what cannot be found stays away.
    pub(super) async fn complete(&self, told: &mut Told) {
        let lacking = told.events.iter().filter(|event| {
            let documents = ports::documents(event);
            documents.iter().any(|id| !told.documents.contains_key(id))
        });
        let ids: Vec<u64> = lacking.map(|event| event.id).collect();
        let (Some(first), Some(last)) = (ids.iter().min(), ids.iter().max()) else {
            return;
        };
        let limit = usize::try_from(last - first).map_or(usize::MAX, |between| between.saturating_add(1));
        let page = match self
            .journal
            .history(&told.identity.key, *first, limit, false)
            .await
        {
            Ok(page) => page,
            Err(error) => {
                eprintln!("the data of `{}` is not logged: {error}", told.identity.arn);
                return;
            }
        };
        for (id, stored) in page.payloads {
            if !told.documents.contains_key(&id)
                && let Some(text) = self.text(&stored).await
            {
                told.documents.insert(id, text);
            }
        }
    }

    /// Adds the input of an execution whose status changed, and its output.
    pub(super) async fn complete_change(&self, change: &mut Change) {
        if change.input.is_some() {
            return;
        }
        match self.journal.head(&change.identity.key).await {
            Ok(Some(head)) if head.identity.incarnation == change.identity.incarnation => {
                change.input = self.text(&head.input).await;
            }
            Ok(_) => {}
            Err(error) => eprintln!("the input of `{}` is not told: {error}", change.identity.arn),
        }
    }

    /// Returns the ARN of the activity whose task was started.
    pub(super) async fn activity(&self, start: &ActivityStart) -> Option<String> {
        let page = self.journal.history(&start.key, start.scheduled, 1, false).await;
        let page = page.map_err(|error| report(&start.key, &error)).ok()?;
        let Details::Scheduled { target, .. } = page.events.into_iter().next()?.details else {
            return None;
        };
        Some(target.resource)
    }

    async fn text(&self, stored: &StoredPayload) -> Option<Arc<str>> {
        match stored {
            StoredPayload::Text(text) => Some(Arc::clone(text)),
            StoredPayload::Blob(name) => match self.blobs.get(name).await {
                Ok(text) => text,
                Err(error) => {
                    eprintln!("a document is not told: {error}");
                    None
                }
            },
        }
    }
}

fn report(key: &ExecutionKey, error: &ports::JournalError) {
    eprintln!("a start of an activity of `{}` is not counted: {error}", key.name);
}
