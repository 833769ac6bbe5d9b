//! Where a service is reached, and what a request to it is signed for.

use crate::catalogue::Service;

/// The place that a request goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// Scheme, host and perhaps a path.
    pub(crate) url: String,
    pub(crate) scope: Scope,
}

/// What a request is signed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The service's signing name, such as `execute-api`.
    pub name: String,
    /// The Region.
    pub region: String,
}

impl Target {
    /// AWS's own endpoint of a service in a Region; some operations have a host of their own beside it.
    pub(crate) fn of_aws(service: &Service, region: &str, host_prefix: &str) -> Result<Target, String> {
        if host_prefix.contains('{') {
            return Err(format!(
                "the host `{host_prefix}` before `{}` is not implemented yet",
                service.model.id
            ));
        }
        let model = service.model;
        let endpoint = model
            .endpoints
            .get(partition(region))
            .ok_or_else(|| format!("no endpoint of `{}` is known for the Region `{region}`", model.id))?;
        Ok(Target {
            url: endpoint
                .url
                .replace("{region}", region)
                .replacen("://", &format!("://{host_prefix}"), 1),
            scope: Scope {
                name: endpoint.name.as_ref().unwrap_or(&model.signing_name).clone(),
                region: endpoint.region.clone().unwrap_or_else(|| region.to_owned()),
            },
        })
    }

    /// An endpoint that somebody has set; it may stand for any Region.
    pub(crate) fn set(service: &Service, url: &str, region: Option<&str>) -> Target {
        Target {
            url: url.trim_end_matches('/').to_owned(),
            scope: Scope {
                name: service.model.signing_name.clone(),
                region: region.unwrap_or(REGION_OF_NO_REGION).to_owned(),
            },
        }
    }
}

/// What requests are signed for when only an endpoint is set, as emulators expect.
const REGION_OF_NO_REGION: &str = "us-east-1";

fn partition(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;

    fn url(service: &str, region: &str, host_prefix: &str) -> String {
        Target::of_aws(catalogue::service(service).unwrap(), region, host_prefix)
            .unwrap()
            .url
    }

    #[test]
    fn regions_are_in_partitions_with_their_own_names() {
        assert_eq!(url("sqs", "eu-west-1", ""), "https://sqs.eu-west-1.amazonaws.com");
        assert_eq!(
            url("sqs", "cn-northwest-1", ""),
            "https://sqs.cn-northwest-1.amazonaws.com.cn"
        );
        assert_eq!(
            url("sfn", "us-gov-east-1", ""),
            "https://states.us-gov-east-1.amazonaws.com"
        );
    }

    #[test]
    fn some_operations_have_a_host_of_their_own() {
        assert_eq!(
            url("sfn", "eu-west-1", "sync-"),
            "https://sync-states.eu-west-1.amazonaws.com"
        );
        let service = catalogue::service("sfn").unwrap();
        assert!(Target::of_aws(service, "eu-west-1", "{AccountId}.").is_err());
    }

    #[test]
    fn requests_are_signed_for_the_name_that_the_model_gives() {
        let service = catalogue::service("eventbridge").unwrap();
        let target = Target::of_aws(service, "eu-west-1", "").unwrap();
        assert_eq!(
            (target.scope.name.as_str(), target.scope.region.as_str()),
            ("events", "eu-west-1")
        );
        let set = Target::set(service, "http://localhost:4566/", None);
        assert_eq!(
            (set.url.as_str(), set.scope.region.as_str()),
            ("http://localhost:4566", "us-east-1")
        );
    }
}
