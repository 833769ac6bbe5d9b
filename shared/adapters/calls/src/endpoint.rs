//! Where a service is reached, and what a request to it is signed for.

use crate::catalogue::Service;

/// The place that a request goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// Scheme, host and perhaps a path.
    pub(crate) url: String,
    pub(crate) signing_region: String,
    pub(crate) signing_name: String,
}

impl Target {
    /// AWS's own endpoint of a service in a Region.
    pub(crate) fn of_aws(service: &Service, region: &str) -> Result<Target, String> {
        let model = service.model;
        let endpoint = model
            .endpoints
            .get(partition(region))
            .ok_or_else(|| format!("no endpoint of `{}` is known for the Region `{region}`", model.id))?;
        Ok(Target {
            url: endpoint.url.replace("{region}", region),
            signing_region: endpoint.region.clone().unwrap_or_else(|| region.to_owned()),
            signing_name: endpoint
                .name
                .clone()
                .unwrap_or_else(|| model.signing_name.clone()),
        })
    }

    /// An endpoint that somebody has set; it may stand for any Region.
    pub(crate) fn set(service: &Service, url: &str, region: Option<&str>) -> Target {
        Target {
            url: url.trim_end_matches('/').to_owned(),
            signing_region: region.unwrap_or(REGION_OF_NO_REGION).to_owned(),
            signing_name: service.model.signing_name.clone(),
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
