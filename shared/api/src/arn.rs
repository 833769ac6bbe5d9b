//! The ARNs of Step Functions, parsed once at the edge.

use crate::caller::{is_account, is_region};
use crate::error::Error;
use engine::ExecutionKey;
use ports::{Owner, machine_key, version_number};

/// Names a state machine, or something of it: a version, an alias, a Distributed Map state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MachineArn {
    pub(crate) text: String,
    pub(crate) owner: Owner,
    pub(crate) name: String,
    /// The version's number or the alias's name.
    pub(crate) qualifier: Option<String>,
    /// The label of a Distributed Map state.
    pub(crate) label: Option<String>,
}

/// Names an execution of a Standard state machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExecutionArn {
    pub(crate) text: String,
    pub(crate) key: ExecutionKey,
}

/// Names an activity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ActivityArn {
    pub(crate) text: String,
    pub(crate) owner: Owner,
    pub(crate) name: String,
}

/// Names something that can have tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ResourceArn {
    Machine(MachineArn),
    Activity(ActivityArn),
}

impl MachineArn {
    /// Parses `arn:aws:states:REGION:ACCOUNT:stateMachine:NAME`, with `:VERSION`, `:ALIAS` or `/LABEL` behind it.
    pub(crate) fn parse(text: &str) -> Result<MachineArn, Error> {
        let parts = Parts::parse(text, &["stateMachine"])?;
        let (name, qualifier) = match parts.rest.as_slice() {
            [name] => (*name, None),
            [name, qualifier] if !qualifier.is_empty() => (*name, Some((*qualifier).to_owned())),
            _ => return Err(Error::invalid_arn(text)),
        };
        let (name, label) = match name.split_once('/') {
            Some((name, label)) => (name, Some(label.to_owned())),
            None => (name, None),
        };
        if name.is_empty() || label.as_deref() == Some("") {
            return Err(Error::invalid_arn(text));
        }
        Ok(MachineArn {
            text: text.to_owned(),
            owner: parts.owner,
            name: name.to_owned(),
            qualifier,
            label,
        })
    }

    /// Returns whether it names a state machine itself.
    pub(crate) fn is_plain(&self) -> bool {
        self.qualifier.is_none() && self.label.is_none()
    }

    /// Parses the ARN of a version; returns its number too.
    pub(crate) fn parse_version(text: &str) -> Result<(MachineArn, u64), Error> {
        let arn = MachineArn::parse(text)?;
        let number = arn.qualifier.as_deref().and_then(version_number);
        match (&arn.label, number) {
            (None, Some(number)) => Ok((arn, number)),
            _ => Err(Error::invalid_arn(text)),
        }
    }

    /// Parses the ARN of an alias; returns its name too.
    pub(crate) fn parse_alias(text: &str) -> Result<(MachineArn, String), Error> {
        let arn = MachineArn::parse(text)?;
        match (&arn.label, arn.qualifier.clone()) {
            (None, Some(name)) if version_number(&name).is_none() => Ok((arn, name)),
            _ => Err(Error::invalid_arn(text)),
        }
    }

    /// Returns the key of the state machine in journal and registry.
    pub(crate) fn key(&self) -> String {
        machine_key(&self.owner, &self.name)
    }
}

impl ExecutionArn {
    /// Parses `arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME`.
    pub(crate) fn parse(text: &str) -> Result<ExecutionArn, Error> {
        let parts = Parts::parse(text, &["execution"])?;
        match parts.rest.as_slice() {
            [machine, _] if machine.contains('/') => Ok(ExecutionArn {
                text: text.to_owned(),
                key: ExecutionKey::of_arn(text).ok_or_else(|| Error::invalid_arn(text))?,
            }),
            [machine, name] if !machine.is_empty() && !name.is_empty() => Ok(ExecutionArn {
                text: text.to_owned(),
                key: ExecutionKey {
                    machine: machine_key(&parts.owner, machine).into(),
                    name: (*name).into(),
                },
            }),
            _ => Err(Error::invalid_arn(text)),
        }
    }
}

impl ExecutionArn {
    /// Parses the same, and the ARN of an Express execution that a Map Run has started.
    pub(crate) fn parse_described(text: &str) -> Result<ExecutionArn, Error> {
        match Parts::parse(text, &["execution", "express"])? {
            parts if parts.kind == "execution" => ExecutionArn::parse(text),
            parts => match (parts.rest.as_slice(), ExecutionKey::of_arn(text)) {
                ([machine, _, _], Some(key)) if machine.contains('/') => Ok(ExecutionArn {
                    text: text.to_owned(),
                    key,
                }),
                _ => Err(Error::invalid_arn(format!(
                    "Resource type not valid in this context: {}",
                    parts.kind
                ))),
            },
        }
    }
}

/// Names a Map Run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MapRunArn {
    pub(crate) text: String,
    pub(crate) key: ExecutionKey,
}

impl MapRunArn {
    /// Parses `arn:aws:states:REGION:ACCOUNT:mapRun:MACHINE/LABEL:UUID`.
    pub(crate) fn parse(text: &str) -> Result<MapRunArn, Error> {
        let parts = Parts::parse(text, &["mapRun"])?;
        match (parts.rest.as_slice(), ExecutionKey::of_arn(text)) {
            ([_, _], Some(key)) => Ok(MapRunArn {
                text: text.to_owned(),
                key,
            }),
            _ => Err(Error::invalid_arn(text)),
        }
    }

    /// Returns the key that the children are listed under.
    pub(crate) fn children(&self) -> Option<String> {
        let common = self.key.name.get(..engine::MAP_RUN_PREFIX_BYTES)?;
        Some(format!("{}/{common}", self.key.machine))
    }
}

impl ActivityArn {
    /// Parses `arn:aws:states:REGION:ACCOUNT:activity:NAME`.
    pub(crate) fn parse(text: &str) -> Result<ActivityArn, Error> {
        let parts = Parts::parse(text, &["activity"])?;
        match parts.rest.as_slice() {
            [name] if !name.is_empty() => Ok(ActivityArn {
                text: text.to_owned(),
                owner: parts.owner,
                name: (*name).to_owned(),
            }),
            _ => Err(Error::invalid_arn(text)),
        }
    }
}

impl ResourceArn {
    /// Parses the ARN of a state machine or an activity.
    pub(crate) fn parse(text: &str) -> Result<ResourceArn, Error> {
        let parts = Parts::parse(text, &["stateMachine", "activity"])?;
        if parts.kind == "activity" {
            ActivityArn::parse(text).map(ResourceArn::Activity)
        } else {
            MachineArn::parse(text).map(ResourceArn::Machine)
        }
    }
}

/// Checks the ARN of a role: `arn:aws:iam::ACCOUNT:role/NAME`.
pub(crate) fn check_role(text: &str) -> Result<(), Error> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "iam", _, account, role]
            if account.bytes().all(|byte| byte.is_ascii_digit())
                && role.strip_prefix("role/").is_some_and(|name| !name.is_empty()) =>
        {
            Ok(())
        }
        _ => Err(Error::new(
            crate::error::Exception::InvalidArn,
            format!("Invalid Role Arn: '{text}'"),
        )),
    }
}

/// Returns the ARN of a state machine.
pub(crate) fn of_machine(owner: &Owner, name: &str) -> String {
    of(owner, "stateMachine", name)
}

/// Returns the ARN of an activity.
pub(crate) fn of_activity(owner: &Owner, name: &str) -> String {
    of(owner, "activity", name)
}

fn of(owner: &Owner, kind: &str, rest: &str) -> String {
    let Owner { region, account } = owner;
    format!(
        "arn:{}:states:{region}:{account}:{kind}:{rest}",
        partition(region)
    )
}

/// Returns the partition that a region is in.
fn partition(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}

/// What all ARNs of Step Functions have in common.
struct Parts<'t> {
    owner: Owner,
    kind: &'t str,
    rest: Vec<&'t str>,
}

impl<'t> Parts<'t> {
    fn parse(text: &'t str, kinds: &[&str]) -> Result<Parts<'t>, Error> {
        let mut parts = text.split(':');
        // AWS's words for the two most common mistakes.
        if parts.next() != Some("arn") || !text.contains(':') {
            return Err(Error::invalid_arn(format!("Invalid ARN prefix: {text}")));
        }
        let invalid = || Error::invalid_arn(text);
        let mut next = || parts.next().ok_or_else(invalid);
        let (partition, service, region, account, kind) = (next()?, next()?, next()?, next()?, next()?);
        if !partition.starts_with("aws") || service != "states" || !is_region(region) || !is_account(account)
        {
            return Err(invalid());
        }
        if !kinds.contains(&kind) {
            return Err(Error::invalid_arn(format!(
                "Resource type not valid in this context: {kind}"
            )));
        }
        let rest: Vec<&str> = parts.collect();
        // What would be a control character in a key or in a token.
        if text.chars().any(char::is_control) {
            return Err(invalid());
        }
        Ok(Parts {
            owner: Owner {
                region: region.into(),
                account: account.into(),
            },
            kind,
            rest,
        })
    }
}

#[cfg(test)]
mod tests;
