//! EventBridge connections: where they say what, and what they add to a request.

use super::oauth::{OAuth, Token};
use crate::exchange::{Failure, ServiceError, ServiceRequest};
use serde_json::{Map, Value, json};

/// A connection with its secrets; the default adds nothing to a request.
#[derive(Clone, Default, PartialEq)]
pub struct Connection {
    /// How requests prove who sends them.
    pub authorization: Authorization,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Map<String, Value>,
}

/// How a connection's requests prove who sends them.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Authorization {
    /// Not at all.
    #[default]
    None,
    /// By a header that does not change: a user's name and password, or a key.
    Header(String, String),
    /// By a token that is fetched with the client's id and secret.
    OAuth(OAuth),
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // All of it may be secret.
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Authorization {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authorization").finish_non_exhaustive()
    }
}

impl Authorization {
    pub(crate) fn header(&self, token: Option<&Token>) -> Option<(String, String)> {
        match self {
            Authorization::None => None,
            Authorization::Header(name, value) => Some((name.clone(), value.clone())),
            Authorization::OAuth(_) => token.map(Token::header),
        }
    }
}

impl Connection {
    /// Asks EventBridge for a connection, by its ARN.
    ///
    /// # Errors
    ///
    /// When the text is not the ARN of a connection.
    pub fn ask(arn: &str) -> Result<ServiceRequest, Failure> {
        let name = match arn.split(':').collect::<Vec<_>>().as_slice() {
            ["arn", _, "events", _, _, resource] => resource
                .strip_prefix("connection/")
                .and_then(|rest| rest.split('/').next())
                .filter(|name| !name.is_empty()),
            _ => None,
        };
        let name = name.ok_or_else(|| {
            Failure::runtime(format!(
                "the `ConnectionArn` of `http:invoke` must be the ARN of an EventBridge connection, got `{arn}`"
            ))
        })?;
        Ok(ServiceRequest {
            service: "eventbridge".to_owned(),
            operation: "DescribeConnection".to_owned(),
            members: json!({ "Name": name }),
        })
    }

    /// Asks Secrets Manager for the secrets of a connection that EventBridge has described; `None` when it has none.
    ///
    /// # Errors
    ///
    /// When the connection is in a state in which it cannot be used.
    pub fn ask_secret(description: &Value) -> Result<Option<ServiceRequest>, Failure> {
        let text = |name: &str| description.get(name).and_then(Value::as_str);
        if let Some(state) = text("ConnectionState") {
            let error = match state {
                "AUTHORIZED" | "ACTIVE" => None,
                "AUTHORIZING" => Some("AuthInProgress"),
                "FAILED_CONNECTIVITY" => Some("InvalidPrivateConnectionState"),
                _ => Some("InvalidConnectionState"),
            };
            if let Some(error) = error {
                let name = text("Name").unwrap_or_default();
                let why = text("StateReason").map_or_else(String::new, |why| format!(": {why}"));
                return Err(unusable(
                    error,
                    format!("the connection `{name}` is in the state {state}{why}"),
                ));
            }
        }
        Ok(text("SecretArn").map(|arn| ServiceRequest {
            service: "secretsmanager".to_owned(),
            operation: "GetSecretValue".to_owned(),
            members: json!({ "SecretId": arn }),
        }))
    }

    /// Puts a connection together: what EventBridge says of it, and what its secret holds.
    ///
    /// # Errors
    ///
    /// When something is missing that its way to authorize needs.
    pub fn read(description: &Value, secret: Option<&str>) -> Result<Connection, Failure> {
        let secret: Value = secret
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        let places = Places {
            secret: &secret,
            described: description.get("AuthParameters").unwrap_or(&Value::Null),
        };
        let kind = description.get("AuthorizationType").and_then(Value::as_str);
        let authorization = match kind {
            Some("BASIC") => {
                let (user, password) = (places.needed("Username")?, places.needed("Password")?);
                let proof = super::oauth::base64(format!("{user}:{password}").as_bytes());
                Authorization::Header("Authorization".to_owned(), format!("Basic {proof}"))
            }
            Some("API_KEY") => {
                Authorization::Header(places.needed("ApiKeyName")?, places.needed("ApiKeyValue")?)
            }
            Some("OAUTH_CLIENT_CREDENTIALS") => Authorization::OAuth(OAuth {
                endpoint: places.needed("AuthorizationEndpoint")?,
                method: places.text("HttpMethod").unwrap_or_else(|| "POST".to_owned()),
                client_id: places.needed("ClientID")?,
                client_secret: places.needed("ClientSecret")?,
                headers: places.list("OAuthHttpParameters", "HeaderParameters"),
                query: places.list("OAuthHttpParameters", "QueryStringParameters"),
                body: places.list("OAuthHttpParameters", "BodyParameters"),
            }),
            other => {
                let kind = other.unwrap_or_default();
                return Err(unusable(
                    "InvalidConnectionState",
                    format!("the connection authorizes in a way that is not known: `{kind}`"),
                ));
            }
        };
        let body = places.list("InvocationHttpParameters", "BodyParameters");
        Ok(Connection {
            authorization,
            headers: places.list("InvocationHttpParameters", "HeaderParameters"),
            query: places.list("InvocationHttpParameters", "QueryStringParameters"),
            body: body
                .into_iter()
                .map(|(name, value)| (name, Value::from(value)))
                .collect(),
        })
    }

    /// Names the error of a service that was asked for a connection.
    // Which of them AWS gives for which is not documented; the names say it.
    pub fn refused(error: &ServiceError) -> Failure {
        let name = match error.code.as_str() {
            "ResourceNotFoundException" => "ResourceNotFound",
            "ConcurrentModificationException" => "ConcurrentModification",
            code if code.contains("AccessDenied") || matches!(error.status, 401 | 403) => "AccessDenied",
            _ => "InternalError",
        };
        unusable(name, format!("{}: {}", error.code, error.message))
    }

    /// Returns the failure of a task whose connection could not be asked for.
    pub fn unreachable(why: &str) -> Failure {
        unusable("InternalError", why.to_owned())
    }
}

pub(crate) fn unusable(error: &str, cause: String) -> Failure {
    Failure {
        error: format!("Events.ConnectionResource.{error}"),
        cause: Some(cause),
    }
}

/// The two places where a connection's parameters stand.
///
/// EventBridge shows what is not secret, in its API's names; the secret has everything, in names of small letters and
/// underscores.
struct Places<'a> {
    secret: &'a Value,
    described: &'a Value,
}

impl Places<'_> {
    fn text(&self, name: &str) -> Option<String> {
        let found = find(self.secret, name).or_else(|| find(self.described, name))?;
        found.as_str().map(str::to_owned)
    }

    fn needed(&self, name: &str) -> Result<String, Failure> {
        self.text(name).ok_or_else(|| {
            unusable(
                "InvalidConnectionState",
                format!("neither the connection nor its secret has `{name}`"),
            )
        })
    }

    /// The parameters in a list of a group; those in the secret have the values that are secret.
    fn list(&self, group: &str, list: &str) -> Vec<(String, String)> {
        let mut all: Vec<(String, String)> = Vec::new();
        for place in [self.secret, self.described] {
            let entries = find(place, group).and_then(|group| find(group, list));
            for entry in entries.and_then(Value::as_array).into_iter().flatten() {
                let text = |name: &str| find(entry, name).and_then(Value::as_str);
                if let (Some(key), Some(value)) = (text("Key"), text("Value"))
                    && !all.iter().any(|(known, _)| known == key)
                {
                    all.push((key.to_owned(), value.to_owned()));
                }
            }
        }
        all
    }
}

/// Finds a member by its name, however that is written, at any depth of objects.
fn find<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let fields = value.as_object()?;
    let here = fields.iter().find(|(known, _)| is_same(known, name));
    here.map(|(_, value)| value)
        .or_else(|| fields.values().find_map(|value| find(value, name)))
}

fn is_same(a: &str, b: &str) -> bool {
    let letters = |name: &str| -> String {
        name.chars()
            .filter(|c| *c != '_')
            .map(|c| c.to_ascii_lowercase())
            .collect()
    };
    letters(a) == letters(b)
}
