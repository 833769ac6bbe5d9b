//! What some services want and their models do not say.

use crate::names::same;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// Changes the members of a request, where the SDKs do; `None` leaves them as they are.
pub(crate) fn members(
    service_id: &str,
    members: &Map<String, Value>,
) -> Result<Option<Map<String, Value>>, String> {
    match service_id {
        "Route 53" => Ok(without_kinds(members)),
        "RDS" | "DocDB" | "Neptune" => {
            // The SDKs' own member: from it they make the other one.
            let Some(region) = members.keys().find(|name| same(name, "SourceRegion")) else {
                return Ok(None);
            };
            if !members.keys().any(|name| same(name, "PreSignedUrl")) {
                return Err(format!(
                    "`SourceRegion` of `{service_id}` wants a presigned URL, and making one is not implemented; give `PreSignedUrl`"
                ));
            }
            let mut changed = members.clone();
            changed.shift_remove(region);
            Ok(Some(changed))
        }
        _ => Ok(None),
    }
}

/// Route 53 answers with ids such as `/hostedzone/Z1`, and wants them without the kind.
fn without_kinds(members: &Map<String, Value>) -> Option<Map<String, Value>> {
    let ids = ["Id", "HostedZoneId", "ResourceId", "DelegationSetId", "ChangeId"];
    let mut changed = None;
    for (name, value) in members {
        let id = value.as_str().and_then(|id| id.rsplit_once('/'));
        if let Some((_, id)) = id.filter(|_| ids.iter().any(|known| same(name, known))) {
            let changed = changed.get_or_insert_with(|| members.clone());
            changed.insert(name.clone(), Value::from(id));
        }
    }
    changed
}

/// The endpoint that the members themselves name.
pub(crate) fn url(service_id: &str, operation: &str, members: &Map<String, Value>) -> Option<String> {
    if (service_id, operation) != ("Machine Learning", "Predict") {
        return None;
    }
    let (_, url) = members.iter().find(|(name, _)| same(name, "PredictEndpoint"))?;
    Some(url.as_str()?.trim_end_matches('/').to_owned())
}

/// Adds headers.
pub(crate) fn headers(service_id: &str, request: &mut HttpRequest) {
    match service_id {
        // Else its answers have links in the place of members.
        "API Gateway" if !request.headers().contains_key("accept") => {
            request.headers_mut().insert("accept", "application/json");
        }
        "Glacier" => {
            request
                .headers_mut()
                .insert("x-amz-glacier-version", "2012-06-01");
            let body = request.body().bytes().unwrap_or_default();
            // Its hash is a tree's of a mebibyte a leaf, and of one leaf that is the leaf's.
            if !body.is_empty() && body.len() <= 1024 * 1024 {
                let hash: String = Sha256::digest(body)
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect();
                request.headers_mut().insert("x-amz-content-sha256", hash.clone());
                let is_upload = ["/archives", "/multipart-uploads/"]
                    .iter()
                    .any(|part| request.uri().contains(part));
                if is_upload && !request.headers().contains_key("x-amz-sha256-tree-hash") {
                    request.headers_mut().insert("x-amz-sha256-tree-hash", hash);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ids_of_route_53_lose_their_kind() {
        let Value::Object(given) = json!({ "Id": "/hostedzone/Z1", "Name": "a/b" }) else {
            panic!("an object")
        };
        let changed = members("Route 53", &given).unwrap().unwrap();
        assert_eq!(Value::Object(changed), json!({ "Id": "Z1", "Name": "a/b" }));
        assert_eq!(members("S3", &given), Ok(None));
    }

    #[test]
    fn a_prediction_goes_where_its_members_say() {
        let Value::Object(given) = json!({ "PredictEndpoint": "https://realtime.example.com/" }) else {
            panic!("an object")
        };
        let of = |operation: &str| url("Machine Learning", operation, &given);
        assert_eq!(of("Predict").as_deref(), Some("https://realtime.example.com"));
        assert_eq!(of("GetMLModel"), None);
    }

    #[test]
    fn a_copy_from_another_region_wants_its_url() {
        let Value::Object(given) = json!({ "SourceRegion": "eu-west-1" }) else {
            panic!("an object")
        };
        assert!(members("RDS", &given).unwrap_err().contains("`PreSignedUrl`"));
    }
}
