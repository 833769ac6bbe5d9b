//! The whole history of an execution, page by page.

use super::server::Server;
use aws_sdk_sfn::types::HistoryEvent;

/// Reads all events, oldest first.
pub(crate) async fn history(server: &Server, execution: &str) -> Vec<HistoryEvent> {
    let mut events = Vec::new();
    let mut token = None;
    loop {
        let request = server
            .client()
            .get_execution_history()
            .execution_arn(execution)
            .set_next_token(token);
        let page = request
            .max_results(1000)
            .send()
            .await
            .expect("the history is read");
        events.extend(page.events);
        token = page.next_token;
        if token.is_none() {
            return events;
        }
    }
}

/// Reads the types of all events, oldest first.
pub(crate) async fn event_types(server: &Server, execution: &str) -> Vec<String> {
    let events = history(server, execution).await;
    events
        .into_iter()
        .map(|event| event.r#type.as_str().to_owned())
        .collect()
}
