//! What the journal's items hold, attribute by attribute.
//!
//! ```text
//! entry   nonce  lease    until when its writer may act        due  the next deadline
//!         tm     its time                                      bs   the entry with the full image below this one
//!         upto   the latest event's id                         body events, image and documents, packed together
//!         st     the status after it                           rdn  how often the execution was redriven until then
//! closing ended  when                                          outp the output, packed, or
//!         err    error                                         outid which document it is
//!         why    cause
//! head    inc    the incarnation; the identity is in the body  rdt  when it was last redriven
//!         hseq   the entry that status and end were taken from         bad  the status, when it did not succeed
//!         freed  from when on the name can be used again       g1, g1s, g2, g2s  keys of the indexes
//! all     ttl    from when on it may be deleted
//! ```
//!
//! A head is written twice, and billed by the kilobyte: an output of more than a few bytes is in the closing entry alone.
//!
//! Names are short because DynamoDB bills them with every item. A head has the attributes of entry 0 too; its `st`, `rdn`
//! and those of closing are the execution's, not the entry's.

use super::Retention;
use crate::hash;
use crate::item::Item;
use crate::packed::pack;
use crate::store::StoreError;
use aws_sdk_dynamodb::types::AttributeValue;
use engine::{Event, ExecutionKey, Identity, Image, Packed, PayloadId, Status, Timestamp};
use ports::{Head, StoredPayload, Write};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The sort key of a head.
pub(crate) const HEAD: &str = "HEAD";
/// Over how many partitions the executions of one state machine are spread: one takes 1,000 writes a second.
pub(crate) const MACHINE_SHARDS: u64 = 4;
/// Over how many partitions the executions that run are spread, those of all state machines together.
pub(crate) const OPEN_SHARDS: u64 = 16;

/// Returns the partition of an execution.
pub(crate) fn partition(key: &ExecutionKey) -> String {
    format!("{}#{}", key.machine, key.name)
}

/// Returns the execution that has a partition; names of state machines have no `#`.
pub(crate) fn key(partition: &str) -> Option<ExecutionKey> {
    let (machine, name) = partition.split_once('#')?;
    Some(ExecutionKey {
        machine: machine.into(),
        name: name.into(),
    })
}

/// Returns the sort key of an entry; that of entry 0 is [`HEAD`].
pub(crate) fn place(incarnation: &str, seq: u64) -> String {
    if seq == 0 {
        return HEAD.to_owned();
    }
    format!("{incarnation}#{seq:010}")
}

/// Returns the number of the entry that an item holds.
pub(crate) fn seq(item: &Item) -> Result<u64, StoreError> {
    let sort = item.get_text("SK")?;
    if sort == HEAD {
        return Ok(0);
    }
    let number = sort.rsplit_once('#').and_then(|(_, number)| number.parse().ok());
    number.ok_or_else(|| StoreError::Damaged(format!("`{sort}` is not the place of an entry")))
}

/// Returns the partition of the index in which a state machine's executions are listed.
pub(crate) fn machine_shard(machine: &str, shard: u64) -> String {
    format!("{machine}#{shard}")
}

/// Returns the partition of the index in which executions that run are found.
pub(crate) fn open_shard(shard: u64) -> String {
    format!("OPEN#{shard}")
}

/// Returns a time as the beginning of a sort key.
pub(crate) fn sortable(time: Timestamp) -> String {
    format!("{:015}", time.millis().max(0))
}

/// Returns the keys of an execution in the index of those that run.
pub(crate) fn open_keys(key: &ExecutionKey, started: Timestamp) -> (String, String) {
    let partition = partition(key);
    let shard = hash::number_of(&[&partition], OPEN_SHARDS);
    (open_shard(shard), format!("{}#{partition}", sortable(started)))
}

/// Returns when an execution was started, by its head's key in the index.
pub(crate) fn started(head: &Item) -> Result<Timestamp, StoreError> {
    let position = head.get_text("g1s")?;
    let millis = position.split('#').next().and_then(|millis| millis.parse().ok());
    millis
        .map(Timestamp)
        .ok_or_else(|| StoreError::Damaged(format!("`{position}` does not begin with a time")))
}

/// The attribute that holds what only whole entries are read for.
const BODY: &str = "body";

/// What is packed together: alike names compress well side by side.
#[derive(Serialize)]
struct Body<'a> {
    /// In entry 0 alone.
    #[serde(rename = "i", skip_serializing_if = "Option::is_none")]
    identity: Option<&'a Identity>,
    #[serde(rename = "e")]
    events: Packed<'a>,
    #[serde(rename = "s")]
    image: &'a Image,
    #[serde(rename = "d")]
    documents: &'a [(PayloadId, StoredPayload)],
}

/// Returns the item of an entry behind the first.
pub(crate) fn entry(
    partition: &str,
    incarnation: &str,
    write: &Write,
    retention: Retention,
) -> Result<Item, StoreError> {
    item(partition, incarnation, None, write, retention)
}

fn item(
    partition: &str,
    incarnation: &str,
    identity: Option<&Identity>,
    write: &Write,
    retention: Retention,
) -> Result<Item, StoreError> {
    let entry = &write.entry;
    let mut item = Item::at(partition, place(incarnation, entry.seq))
        .text("nonce", write.nonce.0.as_str())
        .number("lease", write.lease_until.millis())
        .number("tm", entry.time.millis())
        .number("bs", entry.image.base)
        .number("upto", entry.image.counters.last_event)
        .text("st", entry.image.status.name())
        .number("rdn", entry.image.counters.redrive_count)
        .number("ttl", retention.entry_expires(entry.time))
        .packed(
            BODY,
            &Body {
                identity,
                events: Packed::of(&entry.events),
                image: &entry.image,
                documents: &write.payloads,
            },
        )?;
    if let Some(due) = write.next_deadline {
        item = item.number("due", due.millis());
    }
    for (name, value) in closing(write)? {
        item = item.with(name, value);
    }
    Ok(item)
}

/// Returns the attributes that say how an execution ended; none when the entry does not close it.
fn closing(write: &Write) -> Result<Vec<(&'static str, AttributeValue)>, StoreError> {
    let Some(closing) = &write.entry.closing else {
        return Ok(Vec::new());
    };
    let mut found = vec![("ended", AttributeValue::N(closing.time.millis().to_string()))];
    let texts = [("err", &closing.error), ("why", &closing.cause)];
    for (name, text) in texts {
        found.extend(text.iter().map(|text| (name, AttributeValue::S(text.clone()))));
    }
    let Some(output) = &write.output else {
        return Ok(found);
    };
    // An output that the entry holds as a document is not stored twice.
    let held = closing.output.as_ref().map(|data| data.id()).filter(|id| {
        let mut documents = write.payloads.iter();
        documents.any(|(held, payload)| held == id && payload == output)
    });
    found.push(match held {
        Some(id) => ("outid", AttributeValue::B(pack(&id)?)),
        None => ("outp", AttributeValue::B(pack(output)?)),
    });
    Ok(found)
}

/// Returns the item of a head, with entry 0 in it.
pub(crate) fn first(identity: &Identity, write: &Write, retention: Retention) -> Result<Item, StoreError> {
    let partition = partition(&identity.key);
    let shard = hash::number_of(&[&identity.key.name], MACHINE_SHARDS);
    let mut item = item(
        &partition,
        &identity.incarnation,
        Some(identity),
        write,
        retention,
    )?
    .text("inc", &*identity.incarnation)
    .number("hseq", 0)
    .text("g1", machine_shard(&identity.key.machine, shard))
    .text(
        "g1s",
        format!("{}#{}", sortable(identity.started), identity.key.name),
    );
    match &write.entry.closing {
        Some(closing) => {
            let free = retention.name_is_free(closing.time);
            item = item.number("freed", free).number("ttl", free / 1000);
            if let Some(status) = bad(write.entry.image.status) {
                item = item.text("bad", status);
            }
        }
        None => {
            let (shard, position) = open_keys(&identity.key, identity.started);
            item = item.text("g2", shard).text("g2s", position);
        }
    }
    Ok(item)
}

/// Returns the status of an execution that has ended and did not succeed: these alone change their place in an index.
pub(crate) fn bad(status: Status) -> Option<&'static str> {
    match status {
        Status::Running | Status::Succeeded => None,
        Status::Failed | Status::TimedOut | Status::Aborted => Some(status.name()),
    }
}

/// An output that a head holds, packed: a larger one is read from the entry that closed the execution.
const HEAD_OUTPUT_BYTES_MAX: usize = 128;

/// Returns the attribute of an output for a head, when it is small enough.
pub(crate) fn small_output(entry: &Item) -> Result<Option<AttributeValue>, StoreError> {
    let Some(output) = output(entry)? else {
        return Ok(None);
    };
    let packed = pack(&output)?;
    let is_small = packed.as_ref().len() <= HEAD_OUTPUT_BYTES_MAX;
    Ok(is_small.then_some(AttributeValue::B(packed)))
}

/// What reading an output needs of an entry.
pub(crate) const OUTPUT: &str = "PK, SK, body, outp, outid";

/// Returns the place of the entry that has the output which a head lacks.
pub(crate) fn output_place(head: &Item) -> Result<Option<String>, StoreError> {
    let is_held = head.0.contains_key("outp") || head.0.contains_key("outid");
    if is_held || status(head)? != Status::Succeeded {
        return Ok(None);
    }
    Ok(Some(place(head.get_text("inc")?, head.get_number("hseq")?)))
}

/// Reads a head; without the output, when [`output_place`] says where that is.
pub(crate) fn head(item: &Item) -> Result<Head, StoreError> {
    #[derive(Deserialize)]
    struct First {
        #[serde(rename = "i")]
        identity: Identity,
        #[serde(rename = "d")]
        documents: Vec<(PayloadId, StoredPayload)>,
    }
    let First { identity, documents } = item.get_packed(BODY)?;
    // An execution's input is its first document.
    let id = PayloadId::new(0, 0);
    let input = documents.into_iter().find(|(held, _)| *held == id);
    let (_, input) =
        input.ok_or_else(|| StoreError::Damaged(format!("the head `{}` has no input", item.shown())))?;
    Ok(Head {
        identity: Arc::new(identity),
        status: status(item)?,
        stopped: item.find_number("ended").map(Timestamp),
        input,
        output: output(item)?,
        error: item.find_text("err").map(str::to_owned),
        cause: item.find_text("why").map(str::to_owned),
        redrive_count: item.get_number("rdn")?,
        redriven: item.find_number("rdt").map(Timestamp),
    })
}

/// Reads the output that a head or a closing entry has.
pub(crate) fn output(item: &Item) -> Result<Option<StoredPayload>, StoreError> {
    let Some(id) = item.find_packed::<PayloadId>("outid")? else {
        return item.find_packed("outp");
    };
    let mut found = BTreeMap::new();
    documents(item, &mut BTreeSet::from([id]), &mut found)?;
    let output = found.remove(&id);
    output
        .map(Some)
        .ok_or_else(|| StoreError::Damaged(format!("the entry `{}` lacks its output", item.shown())))
}

/// Reads a status.
pub(crate) fn status(item: &Item) -> Result<Status, StoreError> {
    let name = item.get_text("st")?;
    [
        Status::Running,
        Status::Succeeded,
        Status::Failed,
        Status::TimedOut,
        Status::Aborted,
    ]
    .into_iter()
    .find(|status| status.name() == name)
    .ok_or_else(|| StoreError::Damaged(format!("`{name}` is not a status")))
}

/// Takes those documents that are wanted out of an entry, and off the list.
pub(crate) fn documents(
    item: &Item,
    wanted: &mut BTreeSet<PayloadId>,
    found: &mut BTreeMap<PayloadId, StoredPayload>,
) -> Result<(), StoreError> {
    if wanted.is_empty() {
        return Ok(());
    }
    #[derive(Deserialize)]
    struct Documents {
        #[serde(rename = "d")]
        documents: Vec<(PayloadId, StoredPayload)>,
    }
    let Documents { documents } = item.get_packed(BODY)?;
    found.extend(documents.into_iter().filter(|(id, _)| wanted.remove(id)));
    Ok(())
}

/// Reads an entry's events.
pub(crate) fn events(item: &Item) -> Result<Vec<Event>, StoreError> {
    #[derive(Deserialize)]
    struct Events {
        #[serde(rename = "e")]
        events: Packed<'static>,
    }
    item.get_packed(BODY)
        .map(|Events { events }| events.into_events())
}

/// Reads an entry's image.
pub(crate) fn image(item: &Item) -> Result<Image, StoreError> {
    #[derive(Deserialize)]
    struct State {
        #[serde(rename = "s")]
        image: Image,
    }
    item.get_packed(BODY).map(|State { image }| image)
}
