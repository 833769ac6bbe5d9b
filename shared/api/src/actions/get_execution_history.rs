//! GetExecutionHistory.

use crate::arn::ExecutionArn;
use crate::constraints::{ARN, PAGE_ROWS_MAX, PAGE_TOKEN};
use crate::error::Error;
use crate::history::{self, Renderer};
use crate::members::Members;
use crate::pages::{Listing, PAGE_ROWS_DEFAULT};
use crate::wire::Answer;
use crate::{Call, executions, members};
use engine::{Event, Identity, PayloadId};
use ports::HistoryPage;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Bytes of the documents on one page: a page of large events ends early. Lambda answers hold at most 6 MB.
const PAGE_BYTES_MAX: usize = 2 * 1024 * 1024;

struct Get {
    arn: String,
    limit: usize,
    reverse: bool,
    token: Option<String>,
    data: bool,
}

fn read(members: &mut Members) -> Result<Get, Error> {
    Ok(Get {
        arn: members.required_text("executionArn", &ARN)?,
        limit: members.max_results(PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX)?,
        reverse: members.boolean("reverseOrder")?.unwrap_or(false),
        token: members.text("nextToken", &PAGE_TOKEN)?,
        data: members.boolean("includeExecutionData")?.unwrap_or(true),
    })
}

pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let get = members::read(call.body, read)?;
    let arn = ExecutionArn::parse(&get.arn)?;
    let head = executions::find(call, &arn).await?;
    let order = if get.reverse { "reverse" } else { "forward" };
    // The incarnation too: a page of an earlier execution of this name leads nowhere.
    let listing = Listing::new(
        "GetExecutionHistory",
        &[&arn.text, &head.identity.incarnation, order],
    );
    let from = match listing.after(get.token.as_deref())? {
        Some(position) => position.parse().map_err(|_| Error::invalid_token())?,
        // Stores count in signed numbers.
        None if get.reverse => i64::MAX.unsigned_abs(),
        None => 1,
    };
    // One more than asked for tells whether there is a next page.
    let page = call
        .driver
        .ports()
        .journal
        .history(&arn.key, from, get.limit + 1, get.reverse)
        .await?;
    let (events, next) = render(call, &head.identity, page, get.limit, get.data).await?;
    let token = next.map(|next| listing.token(&next.to_string()));
    Ok(Answer::default()
        .with("events", events)
        .with_some("nextToken", token))
}

/// Renders events up to `limit` and to the size of a page; returns the id of the first event that is left, if any.
async fn render(
    call: &Call<'_>,
    identity: &Identity,
    page: HistoryPage,
    limit: usize,
    data: bool,
) -> Result<(Vec<Value>, Option<u64>), Error> {
    let mut rendered = Vec::new();
    let mut bytes = 0;
    for event in &page.events {
        let texts = if data {
            texts(call, &page, event).await?
        } else {
            BTreeMap::new()
        };
        bytes += texts.values().map(|text| text.len()).sum::<usize>();
        if rendered.len() == limit || (bytes > PAGE_BYTES_MAX && !rendered.is_empty()) {
            return Ok((rendered, Some(event.id)));
        }
        let text = |id: PayloadId| texts.get(&id).map(Arc::clone);
        let renderer = Renderer {
            identity,
            text: data.then_some(&text),
        };
        rendered.push(renderer.event(event));
    }
    Ok((rendered, None))
}

async fn texts(
    call: &Call<'_>,
    page: &HistoryPage,
    event: &Event,
) -> Result<BTreeMap<PayloadId, Arc<str>>, Error> {
    let mut texts = BTreeMap::new();
    for id in history::documents(&event.details) {
        if let Some(payload) = page.payloads.get(&id) {
            texts.insert(id, call.driver.text(payload).await?);
        }
    }
    Ok(texts)
}
