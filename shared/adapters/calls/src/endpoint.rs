//! Where a service is reached, and what a request to it is signed for.

mod functions;
mod partition;
mod rules;

pub(crate) use partition::Partition;
pub(crate) use rules::RuleSet;

use crate::catalogue::{Operation, Service, Shape};
use crate::names::same;
use rules::{Endpoint, Scheme};
use serde_json::{Map, Value};

/// The place that a request goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// Scheme, host and perhaps a path.
    pub(crate) url: String,
    pub(crate) scope: Scope,
    /// Headers that the endpoint wants.
    pub(crate) headers: Vec<(String, String)>,
    /// Whether the bucket of S3 is in the URL already, and so not in the path.
    pub(crate) has_bucket: bool,
}

/// What a request is signed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The service's signing name, such as `execute-api`.
    pub name: String,
    /// The Region.
    pub region: String,
}

/// Which of AWS's endpoints somebody wants.
#[derive(Clone, Debug, Default)]
pub(crate) struct Choice {
    pub(crate) region: String,
    pub(crate) fips: bool,
    pub(crate) dual_stack: bool,
}

impl Target {
    /// AWS's own endpoint for an operation with these members.
    pub(crate) fn of_aws(
        service: &Service,
        operation: &Operation,
        members: &Map<String, Value>,
        choice: &Choice,
    ) -> Result<Target, String> {
        let model = service.model;
        let given = |name: &str| given(service, operation, members, name);
        let Endpoint {
            url,
            headers,
            schemes,
        } = service
            .rules()
            .endpoint(|parameter| match parameter {
                "Region" => Some(Value::from(choice.region.as_str())),
                "UseFIPS" => Some(Value::from(choice.fips)),
                "UseDualStack" => Some(Value::from(choice.dual_stack)),
                "AccountIdEndpointMode" => Some(Value::from("disabled")),
                "UseArnRegion" | "DisableS3ExpressSessionAuth" => Some(Value::from(true)),
                name => given(name),
            })
            .map_err(|why| format!("`{}` has no endpoint in `{}`: {why}", model.id, choice.region))?;
        let scope = scope(service, schemes, choice)?;
        let prefix = match operation.host_prefix {
            // The rules put the account before the host themselves.
            Some("{AccountId}.") if model.id == "S3 Control" => String::new(),
            Some(prefix) => host_prefix(prefix, members)?,
            None => String::new(),
        };
        Ok(Target {
            url: url
                .replacen("://", &format!("://{prefix}"), 1)
                .trim_end_matches('/')
                .to_owned(),
            scope,
            headers,
            has_bucket: model.id == "S3",
        })
    }

    /// An endpoint that somebody has set; it may stand for any Region, and is one host without others beside it.
    pub(crate) fn set(service: &Service, url: &str, region: Option<&str>) -> Target {
        Target {
            url: url.trim_end_matches('/').to_owned(),
            scope: Scope {
                name: service.model.signing_name.to_owned(),
                region: region.unwrap_or(REGION_OF_NO_REGION).to_owned(),
            },
            headers: Vec::new(),
            has_bucket: false,
        }
    }
}

/// What requests are signed for when only an endpoint is set, as emulators expect.
const REGION_OF_NO_REGION: &str = "us-east-1";

/// What an operation and its members say about a parameter of the endpoint rules.
fn given(
    service: &Service,
    operation: &Operation,
    members: &Map<String, Value>,
    parameter: &str,
) -> Option<Value> {
    if let Some(value) = operation.fixed.get(parameter) {
        return Some(value.clone());
    }
    let Shape::Structure { members: known } = &service.model.shapes[operation.input?] else {
        return None;
    };
    let member = known
        .iter()
        .find(|member| member.rare().context == Some(parameter))?;
    members
        .iter()
        .find(|(name, _)| same(name, member.name))
        .map(|(_, value)| value.clone())
        .filter(|value| !value.is_null())
}

fn scope(service: &Service, schemes: Vec<Scheme>, choice: &Choice) -> Result<Scope, String> {
    let model = service.model;
    let usual = schemes.is_empty();
    match schemes.into_iter().find(|scheme| scheme.kind == "sigv4") {
        Some(scheme) => Ok(Scope {
            name: scheme.name.unwrap_or_else(|| model.signing_name.to_owned()),
            region: scheme.region.unwrap_or_else(|| choice.region.clone()),
        }),
        None if usual => Ok(Scope {
            name: model.signing_name.to_owned(),
            region: choice.region.clone(),
        }),
        None => Err(format!(
            "this endpoint of `{}` takes only signatures that are not implemented",
            model.id
        )),
    }
}

/// Puts members in the place of their names in braces.
fn host_prefix(prefix: &str, members: &Map<String, Value>) -> Result<String, String> {
    let mut rest = prefix;
    let mut expanded = String::new();
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}').unwrap_or((after, ""));
        let value = members
            .iter()
            .find(|(known, _)| same(known, name))
            .and_then(|(_, value)| value.as_str())
            .filter(|value| functions::is_host_label(value))
            .ok_or_else(|| {
                format!("the member `{name}` is part of the host, and so must be a host's label")
            })?;
        expanded += before;
        expanded += value;
        rest = behind;
    }
    Ok(expanded + rest)
}

#[cfg(test)]
mod tests;
