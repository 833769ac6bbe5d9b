//! Tasks that call HTTP APIs: one stand-in is the API, EventBridge, Secrets Manager and the server of tokens.

use crate::support::{Options, Reply, Request, Server, output, stand_in, task};
use aws_sdk_sfn::types::{ExecutionStatus, InspectionLevel};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const CONNECTION: &str = "arn:aws:events:us-east-1:123456789012:connection/shop/81210c42";

/// The API, and what it was asked; requests to AWS are not kept.
#[derive(Clone, Debug)]
struct Shop {
    url: String,
    asked: Arc<Mutex<Vec<Request>>>,
    /// How the connection authorizes.
    kind: &'static str,
    /// Its secret.
    secret: Arc<Mutex<Value>>,
}

impl Shop {
    /// Starts the API and a server that reaches it.
    fn serve(kind: &'static str, secret: Value) -> (Shop, Server) {
        let asked: Arc<Mutex<Vec<Request>>> = Arc::default();
        let mut shop = Shop {
            url: String::new(),
            asked: Arc::clone(&asked),
            kind,
            secret: Arc::new(Mutex::new(secret)),
        };
        let here = shop.clone();
        shop.url = stand_in(move |request| here.answer(request));
        let set = |service: &str| (format!("AWS_ENDPOINT_URL_{service}"), shop.url.clone());
        let server = Server::start_with(Options {
            environment: [
                "EVENTBRIDGE",
                "SECRETS_MANAGER",
                "EMR",
                "S3",
                "BEDROCK_RUNTIME",
                "STS",
            ]
            .map(set)
            .into(),
            ..Options::default()
        });
        (shop, server)
    }

    fn with_password() -> (Shop, Server) {
        let secret = json!({
            "username": "u",
            "password": "p",
            "invocation_http_parameters": {
                "header_parameters": [{ "key": "X-Shop", "value": "1" }],
                "query_string_parameters": [{ "key": "page", "value": "2" }],
                "body_parameters": [{ "key": "by", "value": "connection" }],
            },
        });
        Shop::serve("BASIC", secret)
    }

    fn answer(&self, request: &Request) -> Reply {
        let of_aws = |answer: Value| Reply::new(200, "application/x-amz-json-1.1", answer.to_string());
        match request.target.as_str() {
            "AWSEvents.DescribeConnection" => {
                return of_aws(json!({
                    "Name": "shop",
                    "ConnectionState": "AUTHORIZED",
                    "AuthorizationType": self.kind,
                    "SecretArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:events!connection/shop/1",
                }));
            }
            "secretsmanager.GetSecretValue" => {
                return of_aws(json!({ "SecretString": self.secret.lock().unwrap().to_string() }));
            }
            _ => {}
        }
        self.asked.lock().unwrap().push(request.clone());
        let of_api = |status: u16, answer: Value| Reply::new(status, "application/json", answer.to_string());
        match request.path.split('?').next().unwrap_or_default() {
            "/token" => {
                let number = self.requests("/token").len();
                of_api(
                    200,
                    json!({ "access_token": format!("token-{number}"), "expires_in": 3600 }),
                )
            }
            // The first token is one that has been revoked.
            "/private" => match request.header("authorization") {
                "Bearer token-1" => of_api(401, json!({ "message": "revoked" })),
                token => of_api(200, json!({ "by": token })),
            },
            "/missing" => of_api(404, json!({ "message": "no such order" })),
            "/forbidden" => of_api(403, json!({ "message": "Missing Authentication Token" })),
            "/text" => Reply::new(201, "text/plain", "made".to_owned()),
            _ => match request.target.as_str() {
                "ElasticMapReduce.ListInstanceFleets" => {
                    of_aws(json!({ "InstanceFleets": [{ "Id": "if-1", "Name": "core" }] }))
                }
                _ => of_api(200, json!({ "ok": true })),
            },
        }
    }

    /// The requests to a path.
    fn requests(&self, path: &str) -> Vec<Request> {
        let asked = self.asked.lock().unwrap();
        let those = asked
            .iter()
            .filter(|request| request.path.split('?').next() == Some(path));
        those.cloned().collect()
    }

    fn only(&self, path: &str) -> Request {
        let mut requests = self.requests(path);
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests.remove(0)
    }

    fn state(&self, path: &str, method: &str, fields: Value) -> Value {
        let mut parameters = json!({
            "ApiEndpoint": format!("{}{path}", self.url),
            "Method": method,
            "InvocationConfig": { "ConnectionArn": CONNECTION },
        });
        let all = parameters.as_object_mut().unwrap();
        all.extend(fields.as_object().unwrap().clone());
        json!({ "Type": "Task", "Resource": "arn:aws:states:::http:invoke", "Parameters": parameters, "End": true })
    }

    fn machine(&self, path: &str, method: &str, fields: Value) -> Value {
        json!({ "StartAt": "Call", "States": { "Call": self.state(path, method, fields) } })
    }
}

async fn succeeded(server: &Server, name: &str, definition: &Value) -> Value {
    let machine = server.create(name, definition).await;
    let run = server.run(&machine, "e", "{}").await;
    let ended = server.ended(&run).await;
    assert_eq!(ended.status, ExecutionStatus::Succeeded, "{ended:?}");
    output(&ended)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_http_task_calls_with_what_its_connection_adds() {
    let (shop, server) = Shop::with_password();
    let fields = json!({
        "Headers": { "Request-Id": "r1", "X-Shop": "0" },
        "QueryParameters": { "page": 1, "q": "a b" },
        "RequestBody": { "item": 7, "by": "task" },
    });
    let result = succeeded(&server, "call", &shop.machine("/orders", "POST", fields)).await;
    assert_eq!(result["ResponseBody"], json!({ "ok": true }));
    assert_eq!(
        (&result["StatusCode"], &result["StatusText"]),
        (&json!(200), &json!("OK"))
    );
    assert_eq!(result["Headers"]["content-type"], json!(["application/json"]));
    let request = shop.only("/orders");
    assert_eq!(
        (&*request.method, &*request.path),
        ("POST", "/orders?q=a%20b&page=2")
    );
    assert_eq!(request.body, r#"{"item":7,"by":"connection"}"#);
    for (name, value) in [
        ("authorization", "Basic dTpw"),
        ("x-shop", "1"),
        ("request-id", "r1"),
        ("content-type", "application/json; charset=UTF-8"),
        ("user-agent", "Amazon|StepFunctions|HttpInvoke|us-east-1"),
        ("range", "bytes=0-262144"),
    ] {
        assert_eq!(request.header(name), value, "{name}");
    }
    let text = succeeded(&server, "text", &shop.machine("/text", "GET", json!({}))).await;
    assert_eq!(
        (&text["ResponseBody"], &text["StatusCode"]),
        (&json!("made"), &json!(201))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_of_an_http_api_can_be_caught() {
    let (shop, server) = Shop::with_password();
    let mut definition = shop.machine("/missing", "GET", json!({}));
    definition["States"]["Call"]["Catch"] =
        json!([{ "ErrorEquals": ["States.Http.StatusCode.404"], "Next": "Caught" }]);
    definition["States"]["Caught"] = json!({ "Type": "Succeed" });
    assert_eq!(
        succeeded(&server, "caught", &definition).await,
        json!({ "Error": "States.Http.StatusCode.404", "Cause": r#"{"message":"no such order"}"# })
    );
    let gone = shop.machine("", "GET", json!({ "ApiEndpoint": "http://127.0.0.1:9/" }));
    let machine = server.create("gone", &gone).await;
    let run = server.run(&machine, "e", "{}").await;
    assert_eq!(
        server.ended(&run).await.error.as_deref(),
        Some("States.Http.Socket")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_kept_until_the_api_refuses_it() {
    let (shop, server) = Shop::serve("OAUTH_CLIENT_CREDENTIALS", Value::Null);
    // Where the tokens come from is known only now.
    *shop.secret.lock().unwrap() = json!({
        "client_id": "id",
        "client_secret": "secret",
        "authorization_endpoint": format!("{}/token", shop.url),
    });
    let mut definition = shop.machine("/private", "GET", json!({}));
    definition["States"]["Call"]["Retry"] =
        json!([{ "ErrorEquals": ["States.Http.StatusCode.401"], "IntervalSeconds": 1, "MaxAttempts": 1 }]);
    let result = succeeded(&server, "private", &definition).await;
    assert_eq!(result["ResponseBody"], json!({ "by": "Bearer token-2" }));
    let again = succeeded(&server, "again", &definition).await;
    assert_eq!(again["ResponseBody"], json!({ "by": "Bearer token-2" }));
    let tokens = shop.requests("/token");
    assert_eq!(tokens.len(), 2);
    assert_eq!(
        tokens[0].body,
        "client_id=id&client_secret=secret&grant_type=client_credentials"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_sent_as_forms_with_arrays_in_five_formats() {
    let (shop, server) = Shop::with_password();
    let mut state = shop.state(
        "/form",
        "POST",
        json!({
            "Headers": { "Content-Type": "application/x-www-form-urlencoded" },
            "RequestBody": { "a": ["x", "y"] },
            "Transform": {
                "RequestBodyEncoding": "URL_ENCODED",
                "RequestEncodingOptions": { "ArrayFormat.$": "$" },
            },
        }),
    );
    state["ResultSelector"] = json!({ "status.$": "$.StatusCode" });
    let formats = ["INDICES", "REPEAT", "COMMAS", "BRACKETS", "NONE"];
    let map = json!({ "Type": "Map", "ItemsPath": "$.formats", "MaxConcurrency": 1, "End": true,
        "ItemProcessor": { "StartAt": "Call", "States": { "Call": state } } });
    let pass = json!({ "Type": "Pass", "Result": { "formats": formats }, "Next": "Each" });
    let definition = json!({ "StartAt": "Formats", "States": { "Formats": pass, "Each": map } });
    succeeded(&server, "forms", &definition).await;
    let bodies: Vec<String> = shop.requests("/form").into_iter().map(|form| form.body).collect();
    let expected = [
        "a%5B0%5D=x&a%5B1%5D=y",
        "a=x&a=y",
        "a=x%2Cy",
        "a%5B%5D=x&a%5B%5D=y",
        "a=%5B%22x%22%2C%22y%22%5D",
    ]
    .map(|form| format!("{form}&by=connection"));
    assert_eq!(bodies, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_shows_what_was_said_and_keeps_the_connections_part_back() {
    let (shop, server) = Shop::with_password();
    let state = shop.state("/orders", "GET", json!({ "Headers": { "Request-Id": "r1" } }));
    let test = async |reveals: bool| {
        let tested = server
            .client()
            .test_state()
            .definition(state.to_string())
            .role_arn(crate::support::ROLE)
            .input("{}")
            .inspection_level(InspectionLevel::Trace)
            .reveal_secrets(reveals)
            .send()
            .await
            .unwrap();
        tested.inspection_data.unwrap()
    };
    let shown = test(true).await;
    let request = shown.request.unwrap();
    let url = format!("{}/orders", shop.url);
    assert_eq!(
        (request.protocol.as_deref(), request.method.as_deref()),
        (Some("http"), Some("GET"))
    );
    assert_eq!(request.url, Some(format!("{url}?page=2")));
    assert_eq!(request.body.as_deref(), Some(r#"{"by":"connection"}"#));
    assert_eq!(
        request.headers.as_deref(),
        Some(
            "[Request-Id: r1, Authorization: Basic dTpw, X-Shop: 1, Content-Type: application/json; charset=UTF-8, \
             User-Agent: Amazon|StepFunctions|HttpInvoke|us-east-1, Range: bytes=0-262144]"
        )
    );
    let response = shown.response.unwrap();
    assert_eq!(
        (
            response.status_code.as_deref(),
            response.status_message.as_deref()
        ),
        (Some("200"), Some("OK"))
    );
    assert_eq!(response.body.as_deref(), Some(r#"{"ok":true}"#));

    let request = test(false).await.request.unwrap();
    assert_eq!(request.url, Some(url));
    assert_eq!(
        request.headers.as_deref(),
        Some(
            "[Request-Id: r1, User-Agent: Amazon|StepFunctions|HttpInvoke|us-east-1, Range: bytes=0-262144]"
        )
    );
    assert_eq!(request.body, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_of_api_gateway_is_called_and_signed_when_that_is_asked_for() {
    let (shop, server) = Shop::with_password();
    let call = |path: &str, auth_type: &str| {
        task(json!({
            "Resource": "arn:aws:states:::apigateway:invoke",
            "Parameters": { "ApiEndpoint": shop.url, "Stage": "prod", "Path": path, "Method": "POST",
                "RequestBody": { "id": 1, "none": null }, "AuthType": auth_type },
        }))
    };
    let result = succeeded(&server, "signed", &call("bills", "IAM_ROLE")).await;
    assert_eq!(result["ResponseBody"], json!({ "ok": true }));
    let request = shop.only("/prod/bills");
    assert_eq!(request.body, r#"{"id":1}"#);
    assert!(
        request
            .header("authorization")
            .contains("/us-east-1/execute-api/aws4_request"),
        "{request:?}"
    );
    succeeded(&server, "plain", &call("open", "NO_AUTH")).await;
    assert_eq!(shop.only("/prod/open").header("authorization"), "");

    let mut forbidden = call("forbidden", "NO_AUTH");
    forbidden["States"]["T"]["Parameters"]["Stage"] = Value::Null;
    let machine = server.create("forbidden", &forbidden).await;
    let run = server.run(&machine, "e", "{}").await;
    let ended = server.ended(&run).await;
    assert_eq!(
        (ended.error.as_deref(), ended.cause.as_deref()),
        (
            Some("ApiGateway.403"),
            Some(r#"{"message":"Missing Authentication Token"}"#)
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn kubernetes_is_called_with_a_token_for_the_cluster() {
    let (shop, server) = Shop::with_password();
    let call = |path: &str| {
        task(json!({
            "Resource": "arn:aws:states:::eks:call",
            "Parameters": { "ClusterName": "c1", "Endpoint": shop.url, "CertificateAuthority": "", "Method": "GET",
                "Path": path, "QueryParameters": { "labelSelector": ["job-name=j"] } },
        }))
    };
    let result = succeeded(&server, "pods", &call("/api/v1/pods")).await;
    assert_eq!(result["ResponseBody"], json!({ "ok": true }));
    let request = shop.only("/api/v1/pods");
    assert_eq!(request.path, "/api/v1/pods?labelSelector=job-name%3Dj");
    let token = request.header("authorization").strip_prefix("Bearer k8s-aws-v1.");
    let url = String::from_utf8(base64_url(token.unwrap())).unwrap();
    let beginning = format!("{}/?Action=GetCallerIdentity&Version=2011-06-15&", shop.url);
    assert!(url.starts_with(&beginning), "{url}");
    for part in [
        "X-Amz-Expires=60",
        "X-Amz-SignedHeaders=host%3Bx-k8s-aws-id",
        "X-Amz-Signature=",
    ] {
        assert!(url.contains(part), "{url}");
    }
    let machine = server.create("missing", &call("/missing")).await;
    let run = server.run(&machine, "e", "{}").await;
    assert_eq!(server.ended(&run).await.error.as_deref(), Some("EKS.404"));
}

/// Reads base64 of URLs, without padding.
fn base64_url(text: &str) -> Vec<u8> {
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits: Vec<usize> = text.chars().map(|c| letters.find(c).unwrap()).collect();
    let mut bytes = Vec::new();
    for group in bits.chunks(4) {
        let all = group.iter().fold(0, |all, six| all << 6 | six) << (6 * (4 - group.len()));
        let three = [all >> 16, all >> 8, all].map(|byte| u8::try_from(byte & 255).unwrap());
        bytes.extend(&three[..group.len() - 1]);
    }
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_are_modified_by_their_name() {
    let (shop, server) = Shop::with_password();
    let definition = task(json!({
        "Resource": "arn:aws:states:::elasticmapreduce:modifyInstanceFleetByName",
        "Parameters": { "ClusterId": "j-1", "InstanceFleetName": "core",
            "InstanceFleet": { "TargetOnDemandCapacity": 8 } },
    }));
    let result = succeeded(&server, "fleet", &definition).await;
    assert_eq!(result["SdkHttpMetadata"]["HttpStatusCode"], 200);
    let requests = shop.requests("/");
    let targets: Vec<&str> = requests.iter().map(|request| request.target.as_str()).collect();
    assert_eq!(
        targets,
        [
            "ElasticMapReduce.ListInstanceFleets",
            "ElasticMapReduce.ModifyInstanceFleet"
        ]
    );
    assert_eq!(
        serde_json::from_str::<Value>(&requests[1].body).unwrap(),
        json!({ "ClusterId": "j-1", "InstanceFleet": { "InstanceFleetId": "if-1", "TargetOnDemandCapacity": 8 } })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_reads_from_s3_and_writes_there() {
    let (shop, server) = Shop::with_password();
    let definition = task(json!({
        "Resource": "arn:aws:states:::bedrock:invokeModel",
        "Parameters": { "ModelId": "m", "Input": { "S3Uri": "s3://in/prompt.json" },
            "Output": { "S3Uri": "s3://out/answer.json" } },
    }));
    let result = succeeded(&server, "model", &definition).await;
    assert_eq!(result["Body"], "s3://out/answer.json");
    let invoked = shop.only("/model/m/invoke");
    assert_eq!(invoked.body, r#"{"ok":true}"#);
    assert_eq!(invoked.header("content-type"), "application/json");
    let written = shop.only("/out/answer.json");
    assert_eq!((&*written.method, &*written.body), ("PUT", r#"{"ok":true}"#));
}
