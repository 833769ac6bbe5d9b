//! The table's definition, in one place.

use crate::reason::{chain, reason};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, TableStatus, TimeToLiveSpecification,
};
use std::error::Error;
use std::time::Duration;

/// What a table must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableDefinition {
    /// The partition key, a text.
    pub partition: &'static str,
    /// The sort key, a text.
    pub sort: &'static str,
    /// The global secondary indexes; all their keys are texts.
    pub indexes: &'static [IndexDefinition],
    /// The attribute that holds the second from which on an item may be deleted.
    pub ttl: &'static str,
}

/// What an index must have. Both are sparse: only items with its keys are in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexDefinition {
    /// Its name.
    pub name: &'static str,
    /// The partition key.
    pub partition: &'static str,
    /// The sort key.
    pub sort: &'static str,
    /// The attributes beside the keys.
    pub includes: &'static [&'static str],
}

/// The table; billed on demand.
///
/// ```text
/// PK                          SK               g1 / g1s                         g2 / g2s
/// MACHINE#EXECUTION           HEAD             MACHINE#SHARD / STARTED#NAME     OPEN#SHARD / STARTED#PK  while it runs
/// MACHINE#EXECUTION           INC#SEQ
/// MACHINES#REGION:ACCOUNT     NAME
/// ACTIVITIES#REGION:ACCOUNT   NAME
/// REVISION#MACHINE            ID
/// BLOB#NAME                   PART
/// ACTIVITY#ARN                HASH                                              ACTIVITY#ARN / OFFERED   until it is taken
/// JOB#HANDLE                  WATCHER
/// ```
///
/// `machine` lists a state machine's executions, `waiting` what somebody has to look after: executions that run, and
/// activity tasks that nobody has taken. Entries are in no index, so that a step costs one write; and what succeeds
/// changes nothing in `machine`.
pub const TABLE: TableDefinition = TableDefinition {
    partition: "PK",
    sort: "SK",
    indexes: &[
        IndexDefinition {
            name: MACHINE_INDEX,
            partition: "g1",
            sort: "g1s",
            includes: &["bad"],
        },
        IndexDefinition {
            name: WAITING_INDEX,
            partition: "g2",
            sort: "g2s",
            includes: &["inc"],
        },
    ],
    ttl: "ttl",
};

/// The index of executions by state machine and start.
pub(crate) const MACHINE_INDEX: &str = "machine";
/// The index of what somebody has to look after.
pub(crate) const WAITING_INDEX: &str = "waiting";

/// Why a table could not be made.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the table `{table}` could not be made: {reason}")]
pub struct CreateTableError {
    /// Its name.
    pub table: String,
    /// DynamoDB's reason.
    pub reason: String,
}

/// Makes a table as [`TABLE`] says, and waits until it can be used; for tests and trials. A template makes the real one.
///
/// # Errors
///
/// When DynamoDB refuses it, or it cannot be used after a minute.
pub async fn create_table(client: &Client, name: &str) -> Result<(), CreateTableError> {
    let refused = |reason: String| CreateTableError {
        table: name.to_owned(),
        reason,
    };
    let failed = |error: &dyn Error| refused(chain(error));
    let attributes = TABLE
        .indexes
        .iter()
        .flat_map(|index| [index.partition, index.sort])
        .chain([TABLE.partition, TABLE.sort])
        .map(|name| {
            AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(ScalarAttributeType::S)
                .build()
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| failed(&error))?;
    let indexes = TABLE
        .indexes
        .iter()
        .map(|index| {
            let includes = index.includes.iter().map(|name| (*name).to_owned()).collect();
            let projection = Projection::builder()
                .projection_type(ProjectionType::Include)
                .set_non_key_attributes(Some(includes));
            GlobalSecondaryIndex::builder()
                .index_name(index.name)
                .set_key_schema(Some(keys(index.partition, index.sort)?))
                .projection(projection.build())
                .build()
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| failed(&error))?;
    let request = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_key_schema(Some(
            keys(TABLE.partition, TABLE.sort).map_err(|error| failed(&error))?,
        ))
        .set_attribute_definitions(Some(attributes))
        .set_global_secondary_indexes(Some(indexes));
    Box::pin(request.send())
        .await
        .map_err(|error| refused(reason(&error)))?;
    wait_until_active(client, name).await?;
    let ttl = TimeToLiveSpecification::builder()
        .enabled(true)
        .attribute_name(TABLE.ttl)
        .build()
        .map_err(|error| failed(&error))?;
    let request = client
        .update_time_to_live()
        .table_name(name)
        .time_to_live_specification(ttl);
    Box::pin(request.send())
        .await
        .map_err(|error| refused(reason(&error)))?;
    Ok(())
}

async fn wait_until_active(client: &Client, name: &str) -> Result<(), CreateTableError> {
    let failed = |reason: String| CreateTableError {
        table: name.to_owned(),
        reason,
    };
    for _ in 0..ACTIVE_TRIES {
        let described = Box::pin(client.describe_table().table_name(name).send())
            .await
            .map_err(|error| failed(reason(&error)))?;
        if described.table.and_then(|table| table.table_status) == Some(TableStatus::Active) {
            return Ok(());
        }
        tokio::time::sleep(ACTIVE_PAUSE).await;
    }
    Err(failed("it is still not active after a minute".to_owned()))
}

const ACTIVE_TRIES: usize = 120;
const ACTIVE_PAUSE: Duration = Duration::from_millis(500);

fn keys(partition: &str, sort: &str) -> Result<Vec<KeySchemaElement>, aws_sdk_dynamodb::error::BuildError> {
    [(partition, KeyType::Hash), (sort, KeyType::Range)]
        .into_iter()
        .map(|(name, kind)| {
            KeySchemaElement::builder()
                .attribute_name(name)
                .key_type(kind)
                .build()
        })
        .collect()
}
