//! The table as the ports use it: single items, conditions, pages.

use crate::item::Item;
use crate::meter::{self, Meter, Operation};
use crate::reason::reason;
use crate::table::TABLE;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConsumedCapacity, KeysAndAttributes, ReturnValue, ReturnValuesOnConditionCheckFailure,
};
use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

/// The table that holds everything: executions, state machines, activities, their tasks, large documents.
///
/// `table.rs` defines its keys and indexes; [`create_table`](crate::create_table) makes one.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    table: Arc<str>,
    meter: Option<Meter>,
}

/// Why the table did not answer.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// It failed, or refused; what was asked for may have happened.
    #[error("{0}")]
    Failed(String),
    /// It holds what cannot be read.
    #[error("{0}")]
    Damaged(String),
}

/// What became of a conditional write.
#[derive(Clone, Debug)]
pub(crate) enum Written {
    /// It is durable.
    Done,
    /// The condition does not hold; the item that is there, if there is one.
    Refused(Option<Item>),
}

/// An expression with its values, which are named `:a`, `:b` and so on there.
#[derive(Clone, Debug)]
pub(crate) struct Expression {
    text: String,
    values: HashMap<String, AttributeValue>,
}

impl Expression {
    /// Returns an expression without values.
    pub(crate) fn new(text: impl Into<String>) -> Expression {
        Expression {
            text: text.into(),
            values: HashMap::new(),
        }
    }

    /// Adds a text.
    pub(crate) fn text(self, name: &str, text: impl Into<String>) -> Expression {
        self.value(name, AttributeValue::S(text.into()))
    }

    /// Adds a number.
    pub(crate) fn number(self, name: &str, number: impl std::fmt::Display) -> Expression {
        self.value(name, AttributeValue::N(number.to_string()))
    }

    /// Adds a value.
    pub(crate) fn value(mut self, name: &str, value: AttributeValue) -> Expression {
        self.values.insert(name.to_owned(), value);
        self
    }
}

/// Which items a query reads.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    /// The condition on the key.
    pub(crate) keys: Expression,
    /// The index to read; the table itself otherwise, and then what was last written is seen.
    pub(crate) index: Option<&'static str>,
    /// What else the items must fulfil.
    pub(crate) filter: Option<&'static str>,
    /// Which attributes to return.
    pub(crate) only: Option<&'static str>,
    /// Whether the greatest sort key comes first.
    pub(crate) backwards: bool,
    /// How many items to look at for one page.
    pub(crate) limit: Option<usize>,
}

impl Query {
    /// Reads the items of the table whose keys fulfil a condition.
    pub(crate) fn of(keys: Expression) -> Query {
        Query {
            keys,
            index: None,
            filter: None,
            only: None,
            backwards: false,
            limit: None,
        }
    }
}

/// Where a query goes on.
pub(crate) type Position = HashMap<String, AttributeValue>;

/// DynamoDB: 400 KB.
const ITEM_BYTES_MAX: usize = 400 * 1024;
/// DynamoDB's limit of one BatchGetItem.
const BATCH_KEYS_MAX: usize = 100;
/// A query's `Limit` makes no sense above this: a page ends after a megabyte anyway.
const PAGE_ITEMS_MAX: usize = 1000;

impl Store {
    /// Returns the store of a table; uses no network.
    pub fn new(client: Client, table: impl Into<Arc<str>>) -> Store {
        Store {
            client,
            table: table.into(),
            meter: None,
        }
    }

    /// Returns the same store, whose requests this meter counts.
    pub fn metered(self, meter: Option<Meter>) -> Store {
        Store { meter, ..self }
    }

    /// Counts an answered request.
    fn count(&self, operation: Operation, consumed: &[ConsumedCapacity]) {
        if let Some(meter) = &self.meter {
            meter.requested(operation, consumed);
        }
    }

    /// Counts a write whose condition did not hold.
    fn count_refused(&self, operation: Operation, bytes: usize) {
        if let Some(meter) = &self.meter {
            meter.refused(operation, bytes);
        }
    }

    /// Writes an item, if the condition holds for the one in its place.
    pub(crate) async fn put(&self, item: Item, condition: Option<Expression>) -> Result<Written, StoreError> {
        let size = item.size();
        if size > ITEM_BYTES_MAX {
            return Err(StoreError::Failed(format!(
                "the item `{}` would have {size} bytes, but DynamoDB takes at most {ITEM_BYTES_MAX}",
                item.shown()
            )));
        }
        let mut request = self
            .client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(item.0))
            .set_return_consumed_capacity(meter::wanted(self.meter.as_ref()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        if let Some(condition) = condition {
            request = request
                .condition_expression(condition.text)
                .set_expression_attribute_values(values(condition.values));
        }
        match Box::pin(request.send()).await {
            Ok(put) => {
                self.count(Operation::PutItem, put.consumed_capacity.as_slice());
                Ok(Written::Done)
            }
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(refused)) => {
                    let there = refused.item().cloned().map(Item);
                    let bytes = there.as_ref().map_or(0, Item::size).max(size);
                    self.count_refused(Operation::PutItem, bytes);
                    Ok(Written::Refused(there))
                }
                _ => Err(failed(&error)),
            },
        }
    }

    /// Changes an item; `false` when the condition does not hold. `#ttl` stands for the attribute, whose name is reserved.
    pub(crate) async fn update(
        &self,
        partition: &str,
        sort: &str,
        update: Expression,
        condition: &str,
    ) -> Result<bool, StoreError> {
        let names = names(&update.text);
        let request = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(Item::at(partition, sort).0))
            .update_expression(update.text)
            .condition_expression(condition)
            .set_expression_attribute_names(names)
            .set_return_consumed_capacity(meter::wanted(self.meter.as_ref()))
            .set_expression_attribute_values(values(update.values));
        match Box::pin(request.send()).await {
            Ok(updated) => {
                self.count(Operation::UpdateItem, updated.consumed_capacity.as_slice());
                Ok(true)
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => {
                    self.count_refused(Operation::UpdateItem, 0);
                    Ok(false)
                }
                _ => Err(failed(&error)),
            },
        }
    }

    /// Removes an item, and returns it; `None` when there was none. Of many who remove it one gets it.
    pub(crate) async fn delete(&self, partition: &str, sort: &str) -> Result<Option<Item>, StoreError> {
        // Without the condition, DynamoDB Local shows the item to several who remove it at the same time.
        let request = self
            .client
            .delete_item()
            .table_name(&*self.table)
            .set_key(Some(Item::at(partition, sort).0))
            .condition_expression("attribute_exists(PK)")
            .return_values(ReturnValue::AllOld)
            .set_return_consumed_capacity(meter::wanted(self.meter.as_ref()));
        match Box::pin(request.send()).await {
            Ok(deleted) => {
                self.count(Operation::DeleteItem, deleted.consumed_capacity.as_slice());
                Ok(deleted.attributes.map(Item))
            }
            Err(error) => match error.as_service_error() {
                Some(DeleteItemError::ConditionalCheckFailedException(_)) => {
                    self.count_refused(Operation::DeleteItem, 0);
                    Ok(None)
                }
                _ => Err(failed(&error)),
            },
        }
    }

    /// Reads an item as it was last written; `only` names the attributes that are wanted.
    pub(crate) async fn get(
        &self,
        partition: &str,
        sort: &str,
        only: Option<&str>,
    ) -> Result<Option<Item>, StoreError> {
        let request = self
            .client
            .get_item()
            .table_name(&*self.table)
            .set_key(Some(Item::at(partition, sort).0))
            .set_projection_expression(only.map(str::to_owned))
            .set_expression_attribute_names(only.and_then(names))
            .consistent_read(true)
            .set_return_consumed_capacity(meter::wanted(self.meter.as_ref()));
        let got = Box::pin(request.send()).await.map_err(|error| failed(&error))?;
        self.count(Operation::GetItem, got.consumed_capacity.as_slice());
        Ok(got.item.map(Item))
    }

    /// Reads many items as they were last written, in no particular order; missing ones are left out.
    pub(crate) async fn get_all(
        &self,
        keys: &[(String, String)],
        only: Option<&str>,
    ) -> Result<Vec<Item>, StoreError> {
        let mut found = Vec::with_capacity(keys.len());
        for keys in keys.chunks(BATCH_KEYS_MAX) {
            let keys = keys
                .iter()
                .map(|(partition, sort)| Item::at(partition, sort).0)
                .collect();
            let wanted = KeysAndAttributes::builder()
                .set_keys(Some(keys))
                .set_projection_expression(only.map(str::to_owned))
                .consistent_read(true)
                .build()
                .map_err(|error| StoreError::Failed(error.to_string()))?;
            let mut rest = Some(HashMap::from([(self.table.to_string(), wanted)]));
            let mut pause = FIRST_PAUSE;
            while let Some(wanted) = rest.filter(|wanted| !wanted.is_empty()) {
                let request = self
                    .client
                    .batch_get_item()
                    .set_request_items(Some(wanted))
                    .set_return_consumed_capacity(meter::wanted(self.meter.as_ref()));
                let got = Box::pin(request.send()).await.map_err(|error| failed(&error))?;
                self.count(Operation::BatchGetItem, got.consumed_capacity());
                let items = got.responses.into_iter().flat_map(HashMap::into_values).flatten();
                found.extend(items.map(Item));
                rest = got.unprocessed_keys;
                if rest.as_ref().is_some_and(|rest| !rest.is_empty()) {
                    if pause > LAST_PAUSE {
                        return Err(StoreError::Failed(
                            "DynamoDB leaves reads undone: it is overloaded".to_owned(),
                        ));
                    }
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
            }
        }
        Ok(found)
    }

    /// Reads a page of a query; also says where the next one begins.
    pub(crate) async fn page(
        &self,
        query: &Query,
        after: Option<Position>,
    ) -> Result<(Vec<Item>, Option<Position>), StoreError> {
        let limit = query.limit.map(|limit| limit.clamp(1, PAGE_ITEMS_MAX));
        let request = self
            .client
            .query()
            .table_name(&*self.table)
            .set_index_name(query.index.map(str::to_owned))
            .key_condition_expression(&query.keys.text)
            .set_filter_expression(query.filter.map(str::to_owned))
            .set_projection_expression(query.only.map(str::to_owned))
            .set_expression_attribute_names(query.only.and_then(names))
            .set_expression_attribute_values(values(query.keys.values.clone()))
            .scan_index_forward(!query.backwards)
            .set_limit(limit.and_then(|limit| i32::try_from(limit).ok()))
            .set_exclusive_start_key(after)
            .consistent_read(query.index.is_none())
            .set_return_consumed_capacity(meter::wanted(self.meter.as_ref()));
        let got = Box::pin(request.send()).await.map_err(|error| failed(&error))?;
        self.count(Operation::Query, got.consumed_capacity.as_slice());
        let items = got.items.unwrap_or_default().into_iter().map(Item).collect();
        Ok((items, got.last_evaluated_key.filter(|key| !key.is_empty())))
    }

    /// Reads all pages of a query, or the first `most` items.
    pub(crate) async fn query(&self, query: &Query, most: usize) -> Result<Vec<Item>, StoreError> {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let (mut items, next) = self.page(query, after).await?;
            found.append(&mut items);
            after = next;
            if found.len() >= most || after.is_none() {
                found.truncate(most);
                return Ok(found);
            }
        }
    }
}

/// Pauses between reads that DynamoDB left undone: about ten seconds in all.
const FIRST_PAUSE: Duration = Duration::from_millis(40);
const LAST_PAUSE: Duration = Duration::from_secs(6);

/// Returns what `#ttl` stands for, where it is used: the attribute's name is reserved. DynamoDB refuses names that are
/// not used.
fn names(text: &str) -> Option<HashMap<String, String>> {
    text.contains("#ttl")
        .then(|| HashMap::from([("#ttl".to_owned(), TABLE.ttl.to_owned())]))
}

/// DynamoDB refuses an empty map.
fn values(values: HashMap<String, AttributeValue>) -> Option<HashMap<String, AttributeValue>> {
    Some(values).filter(|values| !values.is_empty())
}

fn failed<E: ProvideErrorMetadata + Error>(error: &E) -> StoreError {
    StoreError::Failed(reason(error))
}
