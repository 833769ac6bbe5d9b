//! Where the deployed API is, and what its requests are signed for.

use crate::commands::Failure;
use axum::http::Uri;
use calls::Scope;

/// The name that API Gateway checks signatures for.
const SIGNING_NAME: &str = "execute-api";
/// What follows the Region in the host names of API Gateway's own endpoints.
const AFTER_REGION: [&str; 4] = [
    "amazonaws.com",
    "amazonaws.com.cn",
    "vpce.amazonaws.com",
    "api.aws",
];

/// The deployed API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// Scheme, host and perhaps a stage, without a slash at the end.
    base: String,
    /// What requests are signed for.
    pub(super) scope: Scope,
}

impl Endpoint {
    /// Reads an endpoint; `option` is the Region of the command line, `usual` that of the command line or the settings.
    pub(super) fn new(url: &str, option: Option<&str>, usual: Option<&str>) -> Result<Endpoint, Failure> {
        let wrong = |why: &str| Failure(format!("the endpoint `{url}` {why}"));
        let uri: Uri = url.parse().map_err(|_| wrong("is not a URL"))?;
        let host = uri.host().filter(|host| !host.is_empty());
        let (Some("http" | "https"), Some(host)) = (uri.scheme_str(), host) else {
            return Err(wrong(
                "must begin with https:// (or http://) and name a host, such as https://a1b2c3.execute-api.eu-west-1.amazonaws.com/",
            ));
        };
        if uri.query().is_some() {
            return Err(wrong("must not have a query"));
        }
        let region = match (region_of(host), option) {
            (Some(named), Some(option)) if named != option => {
                return Err(wrong(&format!("is in `{named}`, but --region says `{option}`")));
            }
            (Some(named), _) => named,
            (None, _) => {
                usual.ok_or_else(|| wrong("does not name its Region: add --region or set `AWS_REGION`"))?
            }
        };
        Ok(Endpoint {
            base: url.trim_end_matches('/').to_owned(),
            scope: Scope {
                name: SIGNING_NAME.to_owned(),
                region: region.to_owned(),
            },
        })
    }

    /// Returns where a request for this path goes.
    pub(super) fn place(&self, path_and_query: &str) -> String {
        format!("{}{path_and_query}", self.base)
    }
}

/// Returns the Region in a host name such as `ID.execute-api.REGION.amazonaws.com`.
fn region_of(host: &str) -> Option<&str> {
    let (_, rest) = host.split_once(".execute-api.")?;
    let (region, after) = rest.split_once('.')?;
    AFTER_REGION.contains(&after).then_some(region)
}

#[cfg(test)]
mod tests {
    use super::Endpoint;

    fn region(url: &str, option: Option<&str>, usual: Option<&str>) -> String {
        match Endpoint::new(url, option, usual) {
            Ok(endpoint) => endpoint.scope.region,
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_host_names_the_region_before_the_settings_do() {
        for (url, named) in [
            ("https://a1.execute-api.eu-west-1.amazonaws.com/", "eu-west-1"),
            (
                "https://a1.execute-api.us-gov-west-1.amazonaws.com",
                "us-gov-west-1",
            ),
            (
                "https://a1.execute-api.cn-north-1.amazonaws.com.cn/",
                "cn-north-1",
            ),
            (
                "https://vpce-1.execute-api.eu-west-3.vpce.amazonaws.com/prod",
                "eu-west-3",
            ),
            ("https://a1.execute-api.eu-west-1.api.aws", "eu-west-1"),
        ] {
            assert_eq!(region(url, None, Some("us-east-1")), named);
            assert_eq!(region(url, Some(named), Some(named)), named);
        }
        for url in [
            "https://workflows.example.com/",
            "http://127.0.0.1:4566/",
            "http://a1.execute-api.localhost.localstack.cloud:4566/",
        ] {
            assert_eq!(region(url, None, Some("us-east-2")), "us-east-2");
        }
    }

    #[test]
    fn a_region_that_contradicts_or_lacks_is_a_wrong_use() {
        let url = "https://a1.execute-api.eu-west-1.amazonaws.com/";
        assert_eq!(
            region(url, Some("us-east-1"), Some("us-east-1")),
            format!("the endpoint `{url}` is in `eu-west-1`, but --region says `us-east-1`")
        );
        let error = region("https://workflows.example.com", None, None);
        assert!(error.ends_with("add --region or set `AWS_REGION`"), "{error}");
    }

    #[test]
    fn an_endpoint_is_a_url_of_http() {
        for url in [
            "a1.execute-api.eu-west-1.amazonaws.com",
            "ftp://host/",
            "",
            "https://",
            "https://h/?a=b",
        ] {
            let error = Endpoint::new(url, None, Some("us-east-1"))
                .unwrap_err()
                .to_string();
            assert!(error.starts_with(&format!("the endpoint `{url}` ")), "{error}");
        }
    }

    #[test]
    fn a_stage_stands_before_the_path() {
        let place = |url: &str| {
            Endpoint::new(url, None, Some("us-east-1"))
                .unwrap()
                .place("/a?b=c")
        };
        assert_eq!(place("https://h/prod/"), "https://h/prod/a?b=c");
        assert_eq!(place("https://h:8443"), "https://h:8443/a?b=c");
    }
}
