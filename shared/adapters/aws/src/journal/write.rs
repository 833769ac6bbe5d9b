//! Writing: the conditional puts that everything rests on.

use super::load::whole;
use super::{AwsJournal, layout};
use crate::item::Item;
use crate::store::{Expression, StoreError, Written};
use aws_sdk_dynamodb::types::AttributeValue;
use engine::{ExecutionKey, Identity, Status, Timestamp};
use ports::{Appended, Created, Write};

/// Writes a head and entry 0 in one item, unless the name is taken.
pub(crate) async fn create(
    journal: &AwsJournal,
    identity: &Identity,
    write: &Write,
) -> Result<Created, StoreError> {
    if write.entry.seq != 0 {
        return Err(StoreError::Failed(format!(
            "an execution begins with entry 0, not with entry {}",
            write.entry.seq
        )));
    }
    let item = layout::first(identity, write, journal.retention)?;
    // `freed` is compared, and its deletion not waited for: DynamoDB may take days to delete what has expired.
    let condition = Expression::new("attribute_not_exists(PK) OR freed <= :now")
        .number(":now", write.entry.time.millis());
    match journal.store.put(item, Some(condition)).await? {
        Written::Done => {}
        Written::Refused(Some(there)) => {
            if !is_own(&there, &identity.incarnation, write)? {
                return Ok(Created::Exists(Box::new(whole(&journal.store, &there).await?)));
            }
        }
        Written::Refused(None) => return Err(nothing_there(&layout::partition(&identity.key))),
    }
    if write.entry.closing.is_none() {
        journal.seen.note(&identity.key, &identity.incarnation, 0);
    }
    Ok(Created::New)
}

/// Writes the next entry, unless its place is taken.
pub(crate) async fn append(
    journal: &AwsJournal,
    key: &ExecutionKey,
    incarnation: &str,
    write: &Write,
) -> Result<Appended, StoreError> {
    let partition = layout::partition(key);
    let seq = write.entry.seq;
    let mut closed = None;
    if seq == 0 || !journal.seen.has(key, incarnation, seq - 1) {
        match before(journal, &partition, incarnation, write).await? {
            Before::Open => {}
            Before::Closed(head) => closed = Some(head),
            Before::Answer(answer) => return Ok(answer),
        }
    }
    let item = layout::entry(&partition, incarnation, write, journal.retention)?;
    match journal
        .store
        .put(item, Some(Expression::new("attribute_not_exists(SK)")))
        .await?
    {
        Written::Done => {}
        Written::Refused(Some(there)) => {
            if there.get_text("nonce")? != write.nonce.0 {
                journal.seen.forget(key);
                return Ok(Appended::Conflict);
            }
        }
        Written::Refused(None) => return Err(nothing_there(&partition)),
    }
    if write.entry.closing.is_some() {
        journal.seen.forget(key);
    } else {
        journal.seen.note(key, incarnation, seq);
    }
    // Also after an attempt that was repeated: the first one may have ended between the two writes.
    if closed.is_some() || write.entry.closing.is_some() {
        let entry = layout::entry(&partition, incarnation, write, journal.retention)?;
        follow(journal, key, incarnation, &entry, closed.as_deref()).await?;
    }
    Ok(Appended::Done)
}

/// What stands before the place of an entry.
enum Before {
    /// The entry before, of an execution that runs.
    Open,
    /// The entry before, of one that has ended; its head's [`STANDING`].
    Closed(Box<Item>),
    /// Nothing that an entry could follow, or entry 0 itself.
    Answer(Appended),
}

/// Looks for the entry before, when this process has neither read nor written it.
async fn before(
    journal: &AwsJournal,
    partition: &str,
    incarnation: &str,
    write: &Write,
) -> Result<Before, StoreError> {
    let store = &journal.store;
    let head = store.get(partition, layout::HEAD, Some(STANDING)).await?;
    let Some(head) = head.filter(|head| head.find_text("inc") == Some(incarnation)) else {
        return Ok(Before::Answer(Appended::Gone));
    };
    let seq = write.entry.seq;
    if seq == 0 {
        let own = is_own(&head, incarnation, write)?;
        return Ok(Before::Answer(if own {
            Appended::Done
        } else {
            Appended::Conflict
        }));
    }
    let known: u64 = head.get_number("hseq")?;
    if seq - 1 > known
        && store
            .get(partition, &layout::place(incarnation, seq - 1), Some("SK"))
            .await?
            .is_none()
    {
        return Ok(Before::Answer(Appended::Conflict));
    }
    Ok(match layout::status(&head)? {
        Status::Running => Before::Open,
        Status::Succeeded | Status::Failed | Status::TimedOut | Status::Aborted => {
            Before::Closed(Box::new(head))
        }
    })
}

/// The attributes of a head that appending looks at.
const STANDING: &str = "PK, SK, inc, st, hseq, nonce, rdn, g1s";

/// Lets the head follow an entry that closed the execution, or opened it again. Doing so twice changes nothing.
///
/// `before` is the head as it was, for an entry that may have opened the execution again.
pub(crate) async fn follow(
    journal: &AwsJournal,
    key: &ExecutionKey,
    incarnation: &str,
    entry: &Item,
    before: Option<&Item>,
) -> Result<(), StoreError> {
    let retention = journal.retention;
    let time = Timestamp(entry.get_number("tm")?);
    let redrives: u32 = entry.get_number("rdn")?;
    let mut change = Change::default();
    change.set("hseq", AttributeValue::N(layout::seq(entry)?.to_string()));
    change.set("st", AttributeValue::S(entry.get_text("st")?.to_owned()));
    change.set("rdn", AttributeValue::N(redrives.to_string()));
    match layout::bad(layout::status(entry)?) {
        Some(status) => change.set("bad", AttributeValue::S(status.to_owned())),
        None => change.remove.push("bad"),
    }
    change.remove.push("outid");
    match layout::small_output(entry)? {
        Some(output) => change.set("outp", output),
        None => change.remove.push("outp"),
    }
    for name in ["ended", "err", "why"] {
        match entry.0.get(name) {
            Some(value) => change.set(name, value.clone()),
            None => change.remove.push(name),
        }
    }
    let redriven = match before {
        Some(head) => redrives > head.get_number("rdn")?,
        None => false,
    };
    if redriven {
        change.set("rdt", AttributeValue::N(time.millis().to_string()));
    }
    let ttl = match (entry.find_number("ended").map(Timestamp), before) {
        (Some(ended), _) => {
            let free = retention.name_is_free(ended);
            change.set("freed", AttributeValue::N(free.to_string()));
            change.remove.extend(["g2", "g2s"]);
            free / 1000
        }
        (None, Some(head)) => {
            let (shard, position) = layout::open_keys(key, layout::started(head)?);
            change.set("g2", AttributeValue::S(shard));
            change.set("g2s", AttributeValue::S(position));
            change.remove.push("freed");
            retention.reopened_expires(time)
        }
        // An entry of an execution that runs and goes on: there is nothing to follow.
        (None, None) => return Ok(()),
    };
    change.set("#ttl", AttributeValue::N(ttl.to_string()));
    let update = change
        .expression()
        .text(":own", incarnation)
        .number(":this", layout::seq(entry)?);
    // `false` when the head follows this entry or a later one already, or is another incarnation's by now.
    journal
        .store
        .update(
            &layout::partition(key),
            layout::HEAD,
            update,
            "inc = :own AND hseq < :this",
        )
        .await?;
    Ok(())
}

/// Attributes to set, and attributes to remove.
#[derive(Default)]
struct Change {
    set: Vec<(&'static str, AttributeValue)>,
    remove: Vec<&'static str>,
}

impl Change {
    fn set(&mut self, name: &'static str, value: AttributeValue) {
        self.set.push((name, value));
    }

    fn expression(self) -> Expression {
        let assignments: Vec<String> = self
            .set
            .iter()
            .map(|(name, _)| format!("{name} = :{}", name.trim_start_matches('#')))
            .collect();
        let mut text = format!("SET {}", assignments.join(", "));
        if !self.remove.is_empty() {
            text = format!("{text} REMOVE {}", self.remove.join(", "));
        }
        let expression = Expression::new(text);
        self.set
            .into_iter()
            .fold(expression, |expression, (name, value)| {
                expression.value(&format!(":{}", name.trim_start_matches('#')), value)
            })
    }
}

/// Whether an item holds entry 0 as this very attempt writes it.
fn is_own(head: &Item, incarnation: &str, write: &Write) -> Result<bool, StoreError> {
    Ok(head.get_text("inc")? == incarnation && head.get_text("nonce")? == write.nonce.0)
}

fn nothing_there(partition: &str) -> StoreError {
    StoreError::Failed(format!(
        "DynamoDB refused a write below `{partition}` and does not show why"
    ))
}
