//! What goes out, and what comes back.

use super::*;
use crate::exchange::{Failure, ServiceError};
use crate::{EffectClass, Resource};
use serde_json::{Value, json};

fn task(parameters: Value) -> Result<HttpTask, Failure> {
    let mut all = json!({
        "ApiEndpoint": "https://api.example.com/v1/orders",
        "Method": "POST",
        "InvocationConfig": { "ConnectionArn": "arn:aws:events:us-east-1:123456789012:connection/shop/1-2" },
    });
    let all_fields = all.as_object_mut().unwrap();
    all_fields.extend(parameters.as_object().unwrap().clone());
    HttpTask::read(&all, PlainHttp::Refused)
}

fn connection(kind: &str, described: Value, secret: &Value) -> Result<Connection, Failure> {
    let description = json!({ "Name": "shop", "AuthorizationType": kind, "AuthParameters": described });
    Connection::read(&description, Some(&secret.to_string()))
}

fn written(parameters: Value) -> WebRequest {
    let request = task(parameters).unwrap();
    request
        .request(&Connection::default(), None, "us-east-1")
        .unwrap()
}

fn cause(failure: Failure) -> String {
    assert_eq!(failure.error, "States.Runtime");
    failure.cause.unwrap()
}

fn header<'a>(request: &'a WebRequest, name: &str) -> Vec<&'a str> {
    let headers = request.headers.iter().filter(|(known, _)| known == name);
    headers.map(|(_, value)| value.as_str()).collect()
}

fn answer(status: u16, content_type: &str, body: &[u8]) -> WebAnswer {
    WebAnswer {
        status,
        reason: "Said".to_owned(),
        headers: vec![
            ("content-type".to_owned(), content_type.to_owned()),
            ("set-cookie".to_owned(), "a".to_owned()),
            ("set-cookie".to_owned(), "b".to_owned()),
        ],
        body: body.to_vec(),
    }
}

// AWS developer guide, "Merging EventBridge connection and HTTP Task definition data".
#[test]
fn the_connection_wins_where_both_name_a_thing() {
    let task = task(json!({
        "ApiEndpoint": "https://example.com/path",
        "Headers": { "Request-Id": "my_request_id", "header-param": "of_the_task" },
        "RequestBody": { "Job": "Software Engineer", "Company": "AnyCompany", "BodyParam": "of_the_task" },
        "QueryParameters": { "first": [1, "a b"], "QueryParam": "of_the_task" },
    }));
    let secret = json!({
        "api_key_name": "ApiKey",
        "api_key_value": "key_value",
        "invocation_http_parameters": {
            "header_parameters": [{ "key": "Header-Param", "value": "of_the_connection" }],
            "body_parameters": [{ "key": "BodyParam", "value": "of_the_connection" }],
        },
    });
    let described = json!({ "InvocationHttpParameters": {
        "QueryStringParameters": [{ "Key": "QueryParam", "Value": "of_the_connection", "IsValueSecret": false }],
        "HeaderParameters": [{ "Key": "Header-Param", "IsValueSecret": true }],
    } });
    let connection = connection("API_KEY", described, &secret).unwrap();
    let request = task.unwrap().request(&connection, None, "eu-west-1").unwrap();
    assert_eq!(
        (&*request.method, &*request.url),
        (
            "POST",
            "https://example.com/path?first=1&first=a%20b&QueryParam=of_the_connection"
        )
    );
    let headers: Vec<String> = request
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    assert_eq!(
        headers,
        [
            "Request-Id: my_request_id",
            "ApiKey: key_value",
            "Header-Param: of_the_connection",
            "Content-Type: application/json; charset=UTF-8",
            "User-Agent: Amazon|StepFunctions|HttpInvoke|eu-west-1",
            "Range: bytes=0-262144",
        ]
    );
    assert_eq!(
        request.body.unwrap(),
        r#"{"Job":"Software Engineer","Company":"AnyCompany","BodyParam":"of_the_connection"}"#
    );
}

#[test]
fn a_body_is_json_or_the_text_that_was_given_and_else_there_is_none() {
    let plain = written(json!({}));
    assert_eq!(
        (plain.body, plain.url),
        (None, "https://api.example.com/v1/orders".to_owned())
    );
    let xml = written(json!({ "RequestBody": "<a/>", "Headers": { "content-type": ["text/xml"] } }));
    assert_eq!(xml.body.as_deref(), Some("<a/>"));
    assert_eq!(header(&xml, "content-type"), ["text/xml"]);
    let secret = json!({ "username": "u", "password": "p",
        "invocation_http_parameters": { "body_parameters": [{ "key": "k", "value": "v" }] } });
    let connection = connection("BASIC", Value::Null, &secret).unwrap();
    let body = |parameters: Value| {
        let request = task(parameters).unwrap().request(&connection, None, "r");
        request.map(|request| request.body.unwrap())
    };
    assert_eq!(body(json!({})).unwrap(), r#"{"k":"v"}"#);
    let refused = cause(body(json!({ "RequestBody": "text" })).unwrap_err());
    assert!(refused.contains("cannot be merged"), "{refused}");
}

// AWS developer guide, "Applying URL-encoding on request body".
#[test]
fn bodies_are_url_encoded_with_arrays_in_five_forms() {
    let body = |format: Option<&str>, body: Value| {
        let mut transform = json!({ "RequestBodyEncoding": "URL_ENCODED" });
        if let Some(format) = format {
            transform["RequestEncodingOptions"] = json!({ "ArrayFormat": format });
        }
        let request = written(json!({ "Transform": transform, "RequestBody": body }));
        assert_eq!(
            header(&request, "Content-Type"),
            ["application/x-www-form-urlencoded"]
        );
        request.body.unwrap()
    };
    let list = json!({ "a": ["x", "y z", 3] });
    for (format, expected) in [
        (None, "a%5B0%5D=x&a%5B1%5D=y%20z&a%5B2%5D=3"),
        (Some("INDICES"), "a%5B0%5D=x&a%5B1%5D=y%20z&a%5B2%5D=3"),
        (Some("REPEAT"), "a=x&a=y%20z&a=3"),
        (Some("COMMAS"), "a=x%2Cy%20z%2C3"),
        (Some("BRACKETS"), "a%5B%5D=x&a%5B%5D=y%20z&a%5B%5D=3"),
        (Some("NONE"), "a=%5B%22x%22%2C%22y%20z%22%2C3%5D"),
    ] {
        assert_eq!(body(format, list.clone()), expected, "{format:?}");
    }
    let nested = json!({
        "description": "Monthly subscription",
        "metadata": { "order_details": "monthly report data" },
        "none": null,
        "é": [{ "b": true }],
    });
    assert_eq!(
        body(None, nested),
        "description=Monthly%20subscription&metadata%5Border_details%5D=monthly%20report%20data&none=\
         &%C3%A9%5B0%5D%5Bb%5D=true"
    );
    assert_eq!(body(None, json!("a=1&b=2")), "a=1&b=2");
}

#[test]
fn query_parameters_are_objects_texts_or_lists_of_them() {
    let url = |query: Value, endpoint: &str| {
        written(json!({ "ApiEndpoint": endpoint, "QueryParameters": query })).url
    };
    assert_eq!(
        url(json!({ "a&": "b=", "n": null }), "https://h/p?x=1"),
        "https://h/p?x=1&a%26=b%3D"
    );
    assert_eq!(url(json!("?a=b c"), "https://h#part"), "https://h?a=b%20c");
    assert_eq!(
        url(json!(["a=1", { "b": 2 }]), "https://h/?"),
        "https://h/?a=1&b=2"
    );
    assert_eq!(url(json!({}), "https://h/p"), "https://h/p");
}

#[test]
fn what_step_functions_refuses_is_refused_before_anything_is_sent() {
    let refused = |parameters: Value| cause(task(parameters).unwrap_err());
    for (parameters, expected) in [
        (json!({ "Method": "TRACE" }), "must be one of GET, POST"),
        (json!({ "Method": null }), "needs the parameter `Method`"),
        (
            json!({ "ApiEndpoint": "http://127.0.0.1/" }),
            "begins with `https://`, got",
        ),
        (json!({ "ApiEndpoint": "https://user:p@host/" }), "names a host"),
        (json!({ "ApiEndpoint": "example.com" }), "begins with `https://`"),
        (
            json!({ "InvocationConfig": {} }),
            "`InvocationConfig.ConnectionArn`",
        ),
        (
            json!({ "Headers": { "X-Amz-Date": "x" } }),
            "`X-Amz-Date` is not allowed",
        ),
        (json!({ "Headers": { "host": "x" } }), "`host` is not allowed"),
        (json!({ "Headers": "a: b" }), "must be an object"),
        (
            json!({ "Transform": { "RequestBodyEncoding": "XML" } }),
            "NONE, URL_ENCODED, got `XML`",
        ),
        (
            json!({ "Transform": { "RequestEncodingOptions": { "ArrayFormat": "DOTS" } } }),
            "BRACKETS, NONE, got `DOTS`",
        ),
    ] {
        let cause = refused(parameters);
        assert!(cause.contains(expected), "{cause}");
    }
    let not_an_arn = Connection::ask("arn:aws:events:us-east-1:1:rule/x").unwrap_err();
    assert!(cause(not_an_arn).contains("must be the ARN of an EventBridge connection"));
}

#[test]
fn without_tls_only_this_machine_is_called() {
    let is_allowed = |url: &str| url::checked(url, PlainHttp::ToThisMachine).is_ok();
    for url in [
        "http://127.0.0.1:80/a",
        "http://localhost",
        "HTTP://api.localhost/",
        "http://[::1]:8/",
    ] {
        assert!(is_allowed(url), "{url}");
    }
    for url in [
        "http://example.com",
        "http://127.0.0.1.example.com",
        "http://10.0.0.1",
        "ftp://localhost",
    ] {
        assert!(!is_allowed(url), "{url}");
    }
}

#[test]
fn methods_that_may_be_repeated_are_those_of_http() {
    let Ok(Resource::Service(integration)) = Resource::parse("arn:aws:states:::http:invoke") else {
        panic!("an integration")
    };
    let class = |method: &str| integration.effect_class_of(&json!({ "Method": method }));
    for method in ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"] {
        assert_eq!(class(method), EffectClass::Repeatable, "{method}");
    }
    for method in ["POST", "PATCH", "?"] {
        assert_eq!(class(method), EffectClass::Once, "{method}");
    }
    assert_eq!(integration.effect_class(), EffectClass::Once);
}

#[test]
fn results_show_json_as_json_and_everything_else_as_text() {
    let shown = answer(200, "application/json; charset=utf-8", br#"{"a":[1]}"#)
        .of_http()
        .unwrap();
    assert_eq!(
        shown.to_string(),
        r#"{"Headers":{"content-type":["application/json; charset=utf-8"],"set-cookie":["a","b"]},"ResponseBody":{"a":[1]},"StatusCode":200,"StatusText":"Said"}"#
    );
    let body = |content_type: &str, body: &[u8]| {
        let mut shown = answer(206, content_type, body).of_http().unwrap();
        shown["ResponseBody"].take()
    };
    assert_eq!(body("application/problem+json", b"[]"), json!([]));
    assert_eq!(body("application/json", b"{"), json!("{"));
    assert_eq!(body("text/plain", b"{}"), json!("{}"));
    assert_eq!(body("", b""), json!(""));
}

#[test]
fn answers_that_are_errors_or_no_text_fail() {
    let failure = answer(404, "application/json", br#"{"message":"no"}"#)
        .of_http()
        .unwrap_err();
    assert_eq!(failure.error, "States.Http.StatusCode.404");
    assert_eq!(failure.cause.unwrap(), r#"{"message":"no"}"#);
    let failure = answer(302, "", b"").of_http().unwrap_err();
    assert_eq!(
        (&*failure.error, failure.cause.as_deref()),
        ("States.Http.StatusCode.302", Some("Said"))
    );
    for content_type in ["image/png", "application/octet-stream", "Audio/mp3", "video/mp4"] {
        let failure = answer(200, content_type, b"abc").of_http().unwrap_err();
        assert!(cause(failure).contains("is no text"), "{content_type}");
    }
    let failure = answer(200, "text/plain", &[0xff]).of_http().unwrap_err();
    assert!(cause(failure).contains("is no text"));
    let failure = answer(
        403,
        "application/json",
        br#"{"message":"Missing Authentication Token"}"#,
    );
    let failure = failure.of_api().unwrap_err();
    assert_eq!(failure.error, "ApiGateway.403");
    assert_eq!(
        failure.cause.unwrap(),
        r#"{"message":"Missing Authentication Token"}"#
    );
}

#[test]
fn connections_that_cannot_be_used_say_so() {
    let state = |state: &str| {
        let description = json!({ "Name": "shop", "ConnectionState": state, "SecretArn": "arn:s" });
        Connection::ask_secret(&description)
    };
    let request = state("AUTHORIZED").unwrap().unwrap();
    assert_eq!(
        (&*request.service, &*request.operation, request.members),
        ("secretsmanager", "GetSecretValue", json!({ "SecretId": "arn:s" }))
    );
    for (name, error) in [
        ("AUTHORIZING", "AuthInProgress"),
        ("DEAUTHORIZED", "InvalidConnectionState"),
        ("FAILED_CONNECTIVITY", "InvalidPrivateConnectionState"),
    ] {
        let expected = format!("Events.ConnectionResource.{error}");
        assert_eq!(state(name).unwrap_err().error, expected);
    }
    let refusal = |code: &str, status| {
        let error = ServiceError {
            code: code.to_owned(),
            message: "m".to_owned(),
            status,
            request_id: String::new(),
            modelled: true,
        };
        Connection::refused(&error).error
    };
    for (code, status, error) in [
        ("ResourceNotFoundException", 400, "ResourceNotFound"),
        ("AccessDeniedException", 400, "AccessDenied"),
        ("Unheard", 403, "AccessDenied"),
        ("ThrottlingException", 400, "InternalError"),
    ] {
        assert_eq!(
            refusal(code, status),
            format!("Events.ConnectionResource.{error}")
        );
    }
    let failure = connection("BASIC", json!({ "Username": "u" }), &json!({})).unwrap_err();
    assert_eq!(failure.error, "Events.ConnectionResource.InvalidConnectionState");
    assert_eq!(
        failure.cause.unwrap(),
        "neither the connection nor its secret has `Password`"
    );
}

#[test]
fn a_client_proves_itself_in_the_form_for_its_token() {
    let secret = json!({
        "client_id": "id",
        "client_secret": "s&",
        "authorization_endpoint": "https://auth.example.com/token",
        "http_method": "POST",
        "oauth_http_parameters": {
            "body_parameters": [{ "key": "audience", "value": "orders" }],
            "header_parameters": [{ "key": "X-Tenant", "value": "t" }],
            "query_string_parameters": [{ "key": "v", "value": "2" }],
        },
    });
    let given = connection("OAUTH_CLIENT_CREDENTIALS", Value::Null, &secret).unwrap();
    let Authorization::OAuth(oauth) = &given.authorization else {
        panic!("OAuth")
    };
    let request = oauth.request(PlainHttp::Refused).unwrap();
    assert_eq!(
        (&*request.method, &*request.url),
        ("POST", "https://auth.example.com/token?v=2")
    );
    assert_eq!(
        request.body.as_deref(),
        Some("client_id=id&client_secret=s%26&grant_type=client_credentials&audience=orders")
    );
    assert_eq!(header(&request, "X-Tenant"), ["t"]);

    let token = oauth
        .token(&answer(
            200,
            "",
            br#"{"access_token":"t0ken","expires_in":"3600"}"#,
        ))
        .unwrap();
    assert_eq!(token.seconds, Some(3600));
    let request = task(json!({}))
        .unwrap()
        .request(&given, Some(&token), "r")
        .unwrap();
    assert_eq!(header(&request, "Authorization"), ["Bearer t0ken"]);
    let failure = oauth.token(&answer(401, "", br#"{"error":"s&"}"#)).unwrap_err();
    assert_eq!(failure.error, "Events.ConnectionResource.InvalidConnectionState");
    assert!(!failure.cause.unwrap().contains("s&"));
    for shown in [format!("{given:?}"), format!("{oauth:?}"), format!("{token:?}")] {
        assert!(!shown.contains("s&") && !shown.contains("t0ken"), "{shown}");
    }
}

fn api(parameters: Value) -> Result<ApiRequest, Failure> {
    let mut all = json!({ "ApiEndpoint": "a1.execute-api.eu-west-1.amazonaws.com", "Method": "GET" });
    all.as_object_mut()
        .unwrap()
        .extend(parameters.as_object().unwrap().clone());
    ApiRequest::read(&all, PlainHttp::ToThisMachine)
}

// AWS developer guide, "Create API Gateway REST APIs with Step Functions".
#[test]
fn apis_are_called_by_host_stage_and_path() {
    let called = api(json!({
        "Headers": { "key": ["value1", "value2"] },
        "Stage": "prod",
        "Path": "/bills/a b/",
        "QueryParameters": { "billId": ["123456", "7"] },
    }))
    .unwrap();
    assert_eq!(
        called.request.url,
        "https://a1.execute-api.eu-west-1.amazonaws.com/prod/bills/a%20b/?billId=123456&billId=7"
    );
    assert_eq!(header(&called.request, "key"), ["value1", "value2"]);
    assert_eq!((called.request.body, called.signature), (None, Signature::None));
    let signed = api(json!({ "AuthType": "IAM_ROLE" })).unwrap();
    assert_eq!(
        signed.signature,
        Signature::ExecuteApi(Some("eu-west-1".to_owned()))
    );
    let local =
        api(json!({ "ApiEndpoint": "http://localhost:4566/restapis/x/", "AuthType": "RESOURCE_POLICY" }));
    let local = local.unwrap();
    assert_eq!(local.request.url, "http://localhost:4566/restapis/x/");
    assert_eq!(local.signature, Signature::ExecuteApi(None));
}

#[test]
fn kubernetes_is_called_with_the_certificates_of_its_cluster() {
    let call = |fields: Value| {
        let mut all = json!({
            "ClusterName": "c",
            "CertificateAuthority": "UEVN",
            "Endpoint": "https://4444.yl4.us-east-1.eks.amazonaws.com",
            "Method": "GET",
            "Path": "/api/v1/namespaces/default/pods",
        });
        all.as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        KubernetesRequest::read(&all, PlainHttp::Refused)
    };
    let pods = call(json!({ "QueryParameters": { "labelSelector": ["job-name=example-job"] } })).unwrap();
    assert_eq!(
        pods.request.url,
        "https://4444.yl4.us-east-1.eks.amazonaws.com/api/v1/namespaces/default/pods?labelSelector=job-name%3Dexample-job"
    );
    assert_eq!(
        (&*pods.cluster, &*pods.authority, pods.request.body),
        ("c", &b"PEM"[..], None)
    );
    let body = |method: &str, body: Value| {
        let request = call(json!({ "Method": method, "RequestBody": body }))
            .unwrap()
            .request;
        (
            header(&request, "Content-Type")[0].to_owned(),
            request.body.unwrap(),
        )
    };
    assert_eq!(
        body("POST", json!({ "kind": "Job" })),
        ("application/json".to_owned(), r#"{"kind":"Job"}"#.to_owned())
    );
    assert_eq!(
        body("PATCH", json!("{}")),
        ("application/merge-patch+json".to_owned(), "{}".to_owned())
    );
    assert_eq!(body("PATCH", json!([])).0, "application/json-patch+json");
    assert!(cause(call(json!({ "CertificateAuthority": "-" })).unwrap_err()).contains("must be base64"));
    let failure = answer(409, "application/json", b"{}")
        .of_kubernetes()
        .unwrap_err();
    let shown = r#"{"ResponseBody":{},"StatusCode":409,"StatusText":"Said"}"#;
    assert_eq!(
        (&*failure.error, failure.cause.as_deref()),
        ("EKS.409", Some(shown))
    );
}

// Recorded: execution/services, apigetway_task_service.
#[test]
fn an_api_gets_texts_as_json_and_null_only_when_it_is_allowed() {
    let body = |parameters: Value| api(parameters).unwrap().request.body;
    assert_eq!(
        body(json!({ "RequestBody": "HelloWorld" })).unwrap(),
        r#""HelloWorld""#
    );
    assert_eq!(body(json!({ "RequestBody": "" })).unwrap(), r#""""#);
    assert_eq!(body(json!({ "RequestBody": null })), None);
    let given = json!({ "a": null, "b": [{ "c": null, "d": 1 }] });
    assert_eq!(
        body(json!({ "RequestBody": given })).unwrap(),
        r#"{"b":[{"d":1}]}"#
    );
    assert_eq!(
        body(json!({ "RequestBody": given, "AllowNullValues": true })).unwrap(),
        given.to_string()
    );
    for (parameters, expected) in [
        (
            json!({ "AuthType": "IAM_AUTH" }),
            "NO_AUTH, IAM_ROLE, RESOURCE_POLICY, got `IAM_AUTH`",
        ),
        (
            json!({ "Headers": { "X-Forwarded-For": "x" } }),
            "`X-Forwarded-For` is not allowed",
        ),
        (
            json!({ "Headers": { "www-authenticate": "x" } }),
            "`www-authenticate` is not allowed",
        ),
        (
            json!({ "ApiEndpoint": "http://example.com" }),
            "begins with `https://`",
        ),
    ] {
        let cause = cause(api(parameters).unwrap_err());
        assert!(cause.contains(expected), "{cause}");
    }
}

#[test]
fn a_job_with_a_name_may_be_made_again_while_it_would_still_be_there() {
    let Ok(crate::Resource::Service(run_job)) = crate::Resource::parse("arn:aws:states:::eks:runJob.sync")
    else {
        panic!("an integration")
    };
    let class = |job: Value| run_job.effect_class_of(&json!({ "Job": job }));
    let token = |seconds: u64| EffectClass::Token {
        member: "Job.metadata.annotations.stepwell/client-token".to_owned(),
        window_seconds: seconds,
    };
    assert_eq!(class(json!({ "metadata": { "name": "n" } })), token(600));
    assert_eq!(class(json!(r#"{"metadata":{"name":"n"}}"#)), token(600));
    let kept =
        |seconds: u64| json!({ "metadata": { "name": "n" }, "spec": { "ttlSecondsAfterFinished": seconds } });
    assert_eq!(class(kept(86_400)), token(600));
    assert_eq!(class(kept(30)), token(30));
    assert_eq!(class(kept(0)), EffectClass::Once);
    assert_eq!(
        class(json!({ "metadata": { "generateName": "n-" } })),
        EffectClass::Once
    );
    assert_eq!(class(json!({})), EffectClass::Once);
    assert_eq!(run_job.effect_class(), EffectClass::Once);
}
