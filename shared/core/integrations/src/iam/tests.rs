use super::*;
use crate::resource::Resource;
use serde_json::json;

/// Writes what an integration needs, a line an action: `action resources ? condition`, with `!` where it is wide.
fn needed(resource: &str, parameters: Value) -> Vec<String> {
    let text = match resource.starts_with("arn:") {
        true => resource.to_owned(),
        false => format!("arn:aws:states:::{resource}"),
    };
    let integration = match Resource::parse(&text).unwrap() {
        Resource::Service(integration) => integration,
        other => panic!("{other} is no integration"),
    };
    let place = Place {
        region: "r".to_owned(),
        account: "1".to_owned(),
        state_machine: "own".to_owned(),
        ..Place::anywhere()
    };
    of_integration(&integration, &parameters, &place)
        .iter()
        .map(shown)
        .collect()
}

fn shown(permission: &Permission) -> String {
    let mut line = format!("{} {}", permission.action, permission.resources.join(" "));
    for condition in &permission.conditions {
        line += &format!(" ? {} {}", condition.key, condition.values.join(" "));
    }
    line + if permission.wide.is_some() { " !" } else { "" }
}

#[track_caller]
fn check(resource: &str, parameters: Value, expected: &[&str]) {
    assert_eq!(needed(resource, parameters), expected, "{resource}");
}

#[test]
fn actions_have_the_prefix_of_their_service() {
    for (call, action) in [
        ("sfn:sendTaskSuccess", "states:SendTaskSuccess"),
        ("eventbridge:listRules", "events:ListRules"),
        ("cloudwatchlogs:describeQueries", "logs:DescribeQueries"),
        ("cloudwatch:listMetrics", "cloudwatch:ListMetrics"),
        ("sesv2:sendEmail", "ses:SendEmail"),
        (
            "elasticloadbalancingv2:createRule",
            "elasticloadbalancing:CreateRule",
        ),
        (
            "cognitoidentityprovider:listUserPools",
            "cognito-idp:ListUserPools",
        ),
        ("opensearch:listDomainNames", "es:ListDomainNames"),
        ("bedrockagentruntime:retrieve", "bedrock:Retrieve"),
        ("resourcegroupstaggingapi:getResources", "tag:GetResources"),
        ("cloudcontrol:createResource", "cloudformation:CreateResource"),
        ("iotdataplane:listRetainedMessages", "iot:ListRetainedMessages"),
        ("keyspaces:createTable", "cassandra:Create"),
        ("apigateway:updateRestApi", "apigateway:PATCH"),
        ("apigateway:createRestApi", "apigateway:POST"),
        ("budgets:createBudget", "budgets:ModifyBudget"),
        ("s3:listBuckets", "s3:ListAllMyBuckets"),
        ("lookoutvision:startModel", "lookoutvision:StartModel"),
        ("rds:describeDBEngineVersions", "rds:DescribeDBEngineVersions"),
    ] {
        check(&format!("aws-sdk:{call}"), json!({}), &[&format!("{action} * !")]);
    }
}

#[test]
fn functions_are_named_by_name_and_arn() {
    let call = |name: &str| needed("lambda:invoke", json!({ "FunctionName": name }));
    let one = "arn:aws:lambda:r:1:function:f";
    let both = format!("lambda:InvokeFunction {one} {one}:*");
    assert_eq!(call("f"), [both.as_str()]);
    assert_eq!(call("1:function:f"), [both.as_str()]);
    assert_eq!(call(one), [both.as_str()]);
    assert_eq!(call("f:live"), [format!("lambda:InvokeFunction {one}:live")]);
    assert_eq!(
        call(&format!("{one}:live")),
        [format!("lambda:InvokeFunction {one}:live")]
    );
    assert_eq!(call("${FnArn}"), ["lambda:InvokeFunction ${FnArn} ${FnArn}:*"]);
    assert_eq!(
        call("${Fn}"),
        ["lambda:InvokeFunction arn:aws:lambda:r:1:function:${Fn} arn:aws:lambda:r:1:function:${Fn}:*"]
    );
    check(
        "lambda:invoke",
        json!({ "FunctionName": null }),
        &["lambda:InvokeFunction * !"],
    );
    check("lambda:invoke", Value::Null, &["lambda:InvokeFunction * !"]);
    check(
        "arn:aws-cn:states:::lambda:invoke",
        json!({ "FunctionName": "f" }),
        &["lambda:InvokeFunction arn:aws-cn:lambda:r:1:function:f arn:aws-cn:lambda:r:1:function:f:*"],
    );
    let function = FunctionArn::parse("arn:aws:lambda:eu-west-1:2:function:g").unwrap();
    assert_eq!(
        shown(&of_function(&function)),
        "lambda:InvokeFunction arn:aws:lambda:eu-west-1:2:function:g arn:aws:lambda:eu-west-1:2:function:g:*"
    );
    let placeholder = FunctionArn::parse("arn:aws:lambda:::function:${Fn}").unwrap();
    assert_eq!(
        shown(&of_function(&placeholder)),
        "lambda:InvokeFunction ${Fn} ${Fn}:*"
    );
}

#[test]
fn queues_topics_and_buses_are_found() {
    check(
        "sqs:sendMessage",
        json!({ "QueueUrl": "https://sqs.eu-west-1.amazonaws.com/222222222222/orders" }),
        &["sqs:SendMessage arn:aws:sqs:eu-west-1:222222222222:orders"],
    );
    check(
        "sqs:sendMessage",
        json!({ "QueueUrl": "${QueueUrl}" }),
        &["sqs:SendMessage * !"],
    );
    check(
        "sns:publish",
        json!({ "TopicArn": "${Topic}" }),
        &["sns:Publish ${Topic}"],
    );
    check(
        "sns:publish",
        json!({ "PhoneNumber": "+49" }),
        &["sns:Publish * !"],
    );
    check(
        "events:putEvents",
        json!({ "Entries": [{ "Source": "s" }, { "EventBusName": "orders" }] }),
        &["events:PutEvents arn:aws:events:r:1:event-bus/default arn:aws:events:r:1:event-bus/orders"],
    );
    check(
        "events:putEvents",
        json!({ "Entries": [{ "EventBusName": null }] }),
        &["events:PutEvents * !"],
    );
    check(
        "aws-sdk:eventbridge:enableRule",
        json!({ "Name": "nightly" }),
        &["events:EnableRule arn:aws:events:r:1:rule/nightly"],
    );
    check(
        "aws-sdk:eventbridge:enableRule",
        json!({ "Name": "nightly", "EventBusName": "orders" }),
        &["events:EnableRule arn:aws:events:r:1:rule/orders/nightly"],
    );
}

#[test]
fn items_are_those_of_their_tables() {
    let table = "arn:aws:dynamodb:r:1:table/t";
    check(
        "dynamodb:putItem",
        json!({ "TableName": "t" }),
        &[&format!("dynamodb:PutItem {table}")],
    );
    check(
        "aws-sdk:dynamodb:query",
        json!({ "TableName": "t", "IndexName": "i" }),
        &[&format!("dynamodb:Query {table}/index/i")],
    );
    check(
        "aws-sdk:dynamodb:batchWriteItem",
        json!({ "RequestItems": { "t": null } }),
        &[&format!("dynamodb:BatchWriteItem {table}")],
    );
    check(
        "aws-sdk:dynamodb:transactWriteItems",
        json!({ "TransactItems": [{ "Put": { "TableName": "t" } }, { "ConditionCheck": { "TableName": "u" } }] }),
        &[
            &format!("dynamodb:PutItem {table}"),
            "dynamodb:ConditionCheckItem arn:aws:dynamodb:r:1:table/u",
        ],
    );
    check(
        "aws-sdk:dynamodb:executeStatement",
        json!({ "Statement": "SELECT * FROM \"t\".\"i\" WHERE a = ?" }),
        &[&format!("dynamodb:PartiQLSelect {table}/index/i")],
    );
    check(
        "aws-sdk:dynamodb:batchExecuteStatement",
        json!({ "Statements": [{ "Statement": "INSERT INTO \"t\" VALUE {'a': 1}" }, { "Statement": "DELETE FROM t WHERE a = 1" }] }),
        &[
            &format!("dynamodb:PartiQLInsert {table}"),
            &format!("dynamodb:PartiQLDelete {table}"),
        ],
    );
    check(
        "aws-sdk:dynamodb:executeStatement",
        json!({ "Statement": null }),
        &[
            "dynamodb:PartiQLDelete * !",
            "dynamodb:PartiQLInsert * !",
            "dynamodb:PartiQLSelect * !",
            "dynamodb:PartiQLUpdate * !",
        ],
    );
}

#[test]
fn objects_and_buckets_have_actions_of_their_own() {
    check(
        "aws-sdk:s3:getObject",
        json!({ "Bucket": "b", "Key": "a/k" }),
        &["s3:GetObject arn:aws:s3:::b/a/k"],
    );
    check(
        "aws-sdk:s3:headObject",
        json!({ "Bucket": "b", "Key": null }),
        &["s3:GetObject arn:aws:s3:::b/* !"],
    );
    check(
        "aws-sdk:s3:getObject",
        json!({ "Bucket": "b", "Key": "k", "VersionId": "1" }),
        &["s3:GetObjectVersion arn:aws:s3:::b/k"],
    );
    check(
        "aws-sdk:s3:listObjectsV2",
        json!({ "Bucket": "b" }),
        &["s3:ListBucket arn:aws:s3:::b"],
    );
    check(
        "aws-sdk:s3:copyObject",
        json!({ "Bucket": "b", "Key": "k", "CopySource": "c/old" }),
        &["s3:PutObject arn:aws:s3:::b/k", "s3:GetObject arn:aws:s3:::c/old"],
    );
    check(
        "aws-sdk:s3:putObject",
        json!({ "Bucket": "b", "Key": "k", "Tagging": null, "SSEKMSKeyId": "alias/x" }),
        &[
            "s3:PutObject arn:aws:s3:::b/k",
            "s3:PutObjectTagging arn:aws:s3:::b/k",
            "kms:Decrypt arn:aws:kms:r:1:key/* ? kms:RequestAlias alias/x",
            "kms:GenerateDataKey arn:aws:kms:r:1:key/* ? kms:RequestAlias alias/x",
        ],
    );
    check("aws-sdk:s3:putObject", Value::Null, &["s3:PutObject * !"]);
}

#[test]
fn jobs_are_asked_for_and_ended() {
    check(
        "glue:startJobRun.sync",
        json!({ "JobName": "j" }),
        &[
            "glue:StartJobRun arn:aws:glue:r:1:job/j",
            "glue:GetJobRun arn:aws:glue:r:1:job/j",
            "glue:BatchStopJobRun arn:aws:glue:r:1:job/j",
        ],
    );
    check(
        "glue:startJobRun",
        json!({ "JobName": "j" }),
        &["glue:StartJobRun arn:aws:glue:r:1:job/j"],
    );
    check(
        "ecs:runTask.sync",
        json!({ "Cluster": "c", "TaskDefinition": "t:3" }),
        &[
            "ecs:RunTask arn:aws:ecs:r:1:task-definition/t:3",
            "iam:PassRole * ? iam:PassedToService ecs-tasks.amazonaws.com !",
            "ecs:DescribeTasks arn:aws:ecs:r:1:task/c/*",
            "ecs:StopTask arn:aws:ecs:r:1:task/c/*",
        ],
    );
    check(
        "batch:submitJob.sync",
        json!({ "JobName": "n", "JobQueue": "q", "JobDefinition": "arn:aws:batch:r:1:job-definition/d:2" }),
        &[
            "batch:SubmitJob arn:aws:batch:r:1:job-definition/d:2 arn:aws:batch:r:1:job-queue/q arn:aws:batch:r:1:job/*",
            "batch:DescribeJobs * !",
            "batch:TerminateJob * !",
        ],
    );
    check(
        "sagemaker:createTrainingJob.sync",
        json!({ "TrainingJobName": "t", "RoleArn": "arn:aws:iam::1:role/s", "Tags": [] }),
        &[
            "sagemaker:CreateTrainingJob arn:aws:sagemaker:r:1:training-job/t",
            "sagemaker:AddTags * !",
            "iam:PassRole arn:aws:iam::1:role/s ? iam:PassedToService sagemaker.amazonaws.com",
            "sagemaker:DescribeTrainingJob arn:aws:sagemaker:r:1:training-job/t",
            "sagemaker:StopTrainingJob arn:aws:sagemaker:r:1:training-job/t",
        ],
    );
    check(
        "codebuild:startBuild.sync",
        json!({ "ProjectName": "p" }),
        &[
            "codebuild:StartBuild arn:aws:codebuild:r:1:project/p",
            "codebuild:BatchGetBuilds * !",
            "codebuild:StopBuild * !",
        ],
    );
    check(
        "elasticmapreduce:addStep.sync",
        json!({ "ClusterId": "j-1", "Step": {} }),
        &[
            "elasticmapreduce:AddJobFlowSteps arn:aws:elasticmapreduce:r:1:cluster/j-1",
            "elasticmapreduce:DescribeStep arn:aws:elasticmapreduce:r:1:cluster/j-1",
            "elasticmapreduce:CancelSteps arn:aws:elasticmapreduce:r:1:cluster/j-1",
        ],
    );
    check(
        "emr-serverless:startJobRun.sync",
        json!({ "ApplicationId": "a", "ExecutionRoleArn": "arn:aws:iam::1:role/e" }),
        &[
            "emr-serverless:StartJobRun arn:aws:emr-serverless:r:1:/applications/a",
            "iam:PassRole arn:aws:iam::1:role/e ? iam:PassedToService emr-serverless.amazonaws.com",
            "emr-serverless:GetJobRun arn:aws:emr-serverless:r:1:/applications/a/jobruns/*",
            "emr-serverless:CancelJobRun arn:aws:emr-serverless:r:1:/applications/a/jobruns/*",
        ],
    );
    check(
        "emr-containers:startJobRun.sync",
        json!({ "VirtualClusterId": "v", "ExecutionRoleArn": "arn:aws:iam::1:role/e" }),
        &[
            "emr-containers:StartJobRun arn:aws:emr-containers:r:1:/virtualclusters/v ? emr-containers:ExecutionRoleArn arn:aws:iam::1:role/e",
            "emr-containers:DescribeJobRun arn:aws:emr-containers:r:1:/virtualclusters/v/jobruns/*",
            "emr-containers:CancelJobRun arn:aws:emr-containers:r:1:/virtualclusters/v/jobruns/*",
        ],
    );
    check(
        "databrew:startJobRun.sync",
        json!({ "Name": "j" }),
        &[
            "databrew:StartJobRun arn:aws:databrew:r:1:job/j",
            "databrew:DescribeJobRun arn:aws:databrew:r:1:job/j",
            "databrew:StopJobRun arn:aws:databrew:r:1:job/j",
        ],
    );
    check(
        "mediaconvert:createJob.sync",
        json!({ "Role": "arn:aws:iam::1:role/m", "Settings": {} }),
        &[
            "mediaconvert:CreateJob * !",
            "iam:PassRole arn:aws:iam::1:role/m ? iam:PassedToService mediaconvert.amazonaws.com",
            "mediaconvert:GetJob * !",
            "mediaconvert:CancelJob * !",
        ],
    );
    check(
        "eks:createNodegroup.sync",
        json!({ "ClusterName": "c", "NodegroupName": "n", "NodeRole": "arn:aws:iam::1:role/n" }),
        &[
            "eks:CreateNodegroup arn:aws:eks:r:1:cluster/c",
            "iam:PassRole arn:aws:iam::1:role/n",
            "eks:DescribeNodegroup arn:aws:eks:r:1:nodegroup/c/n/*",
        ],
    );
    check("eks:call", json!({}), &[]);
}

#[test]
fn children_are_started_watched_and_stopped() {
    let arn = "arn:aws:states:eu-west-1:2:stateMachine:child";
    let executions = "arn:aws:states:eu-west-1:2:execution:child:*";
    check(
        "states:startExecution",
        json!({ "StateMachineArn": arn }),
        &[&format!("states:StartExecution {arn}")],
    );
    check(
        "states:startExecution.sync:2",
        json!({ "StateMachineArn": format!("{arn}:live") }),
        &[
            &format!("states:StartExecution {arn}:live"),
            &format!("states:DescribeExecution {executions}"),
            &format!("states:StopExecution {executions}"),
        ],
    );
    check(
        "states:startExecution.sync",
        json!({ "StateMachineArn": "${Child}" }),
        &[
            "states:StartExecution ${Child}",
            "states:DescribeExecution arn:aws:states:r:1:execution:* !",
            "states:StopExecution arn:aws:states:r:1:execution:* !",
        ],
    );
}

#[test]
fn requests_over_http_are_bound_to_their_endpoint() {
    check(
        "http:invoke",
        json!({ "ApiEndpoint": "https://example.com/pay", "Method": "POST",
            "Authentication": { "ConnectionArn": "arn:aws:events:r:1:connection/c/x" } }),
        &[
            "states:InvokeHTTPEndpoint arn:aws:states:r:1:stateMachine:own ? states:HTTPMethod POST ? states:HTTPEndpoint https://example.com/pay",
            "events:DescribeConnection arn:aws:events:r:1:connection/c/x",
            "events:RetrieveConnectionCredentials arn:aws:events:r:1:connection/c/x",
            "secretsmanager:DescribeSecret arn:aws:secretsmanager:r:1:secret:events!connection/*",
            "secretsmanager:GetSecretValue arn:aws:secretsmanager:r:1:secret:events!connection/*",
        ],
    );
    check(
        "apigateway:invoke",
        json!({ "ApiEndpoint": "abc.execute-api.eu-west-1.amazonaws.com", "Method": "GET", "Stage": "prod", "Path": "/orders" }),
        &["execute-api:Invoke arn:aws:execute-api:eu-west-1:1:abc/prod/GET/orders"],
    );
    check(
        "apigateway:invoke",
        json!({ "ApiEndpoint": "${Api}" }),
        &["execute-api:Invoke * !"],
    );
}

#[test]
fn secrets_parameters_keys_and_models_are_named() {
    check(
        "aws-sdk:secretsmanager:getSecretValue",
        json!({ "SecretId": "db" }),
        &["secretsmanager:GetSecretValue arn:aws:secretsmanager:r:1:secret:db-??????"],
    );
    check(
        "aws-sdk:ssm:getParameter",
        json!({ "Name": "/app/url" }),
        &["ssm:GetParameter arn:aws:ssm:r:1:parameter/app/url"],
    );
    check(
        "aws-sdk:kms:encrypt",
        json!({ "KeyId": "1234" }),
        &["kms:Encrypt arn:aws:kms:r:1:key/1234"],
    );
    check(
        "aws-sdk:kms:reEncrypt",
        json!({ "SourceKeyId": "a", "DestinationKeyId": "b" }),
        &[
            "kms:ReEncryptFrom arn:aws:kms:r:1:key/a",
            "kms:ReEncryptTo arn:aws:kms:r:1:key/b",
        ],
    );
    check(
        "bedrock:invokeModel",
        json!({ "ModelId": "amazon.titan-text-express-v1" }),
        &["bedrock:InvokeModel arn:aws:bedrock:r::foundation-model/amazon.titan-text-express-v1"],
    );
    check(
        "aws-sdk:bedrockruntime:converse",
        json!({ "ModelId": "eu.anthropic.claude-v1", "Messages": [{ "Role": "user" }] }),
        &[
            "bedrock:InvokeModel arn:aws:bedrock:*::foundation-model/anthropic.claude-v1 arn:aws:bedrock:r:1:inference-profile/eu.anthropic.claude-v1",
        ],
    );
    check(
        "aws-sdk:scheduler:createSchedule",
        json!({ "Name": "s", "Target": { "Arn": null, "RoleArn": null } }),
        &[
            "scheduler:CreateSchedule arn:aws:scheduler:r:1:schedule/default/s",
            "iam:PassRole * ? iam:PassedToService scheduler.amazonaws.com !",
        ],
    );
    check(
        "aws-sdk:ecs:updateService",
        json!({ "Cluster": "arn:aws:ecs:r:1:cluster/c", "Service": "s" }),
        &["ecs:UpdateService arn:aws:ecs:r:1:service/c/s"],
    );
    check(
        "aws-sdk:ec2:stopInstances",
        json!({ "InstanceIds": ["i-1", "i-2"] }),
        &["ec2:StopInstances arn:aws:ec2:r:1:instance/i-1 arn:aws:ec2:r:1:instance/i-2"],
    );
}

#[test]
fn a_query_needs_its_tables_and_a_place_for_its_result() {
    let needed = needed(
        "athena:startQueryExecution.sync",
        json!({ "QueryString": "SELECT 1", "ResultConfiguration": { "OutputLocation": "s3://out/q/" } }),
    );
    let workgroup = "arn:aws:athena:r:1:workgroup/primary";
    for expected in [
        format!("athena:StartQueryExecution {workgroup}"),
        format!("athena:GetQueryExecution {workgroup}"),
        format!("athena:StopQueryExecution {workgroup}"),
        "glue:GetTable arn:aws:glue:r:1:catalog arn:aws:glue:r:1:database/* arn:aws:glue:r:1:table/* arn:aws:glue:r:1:userDefinedFunction/* !".to_owned(),
        "lakeformation:GetDataAccess * !".to_owned(),
        "s3:GetObject * !".to_owned(),
        "s3:PutObject arn:aws:s3:::out/q/*".to_owned(),
    ] {
        assert!(needed.contains(&expected), "{expected}: {needed:#?}");
    }
    assert!(!needed.iter().any(|line| line.starts_with("glue:CreateTable")));
}

#[test]
fn a_distributed_map_starts_children_and_reads_objects() {
    let place = Place {
        state_machine: "own".to_owned(),
        ..Place::anywhere()
    };
    let reader = json!({ "Resource": "arn:aws:states:::s3:getObject", "Parameters": { "Bucket": "in", "Key": "items.csv" } });
    let writer = json!({ "Resource": "arn:aws:states:::s3:putObject", "Parameters": { "Bucket": "out", "Prefix": "run" } });
    let needed = of_distributed_map(Some("m"), Some(&reader), Some(&writer), &place);
    let executions = "arn:aws:states:*:*:execution:own";
    assert_eq!(
        needed.iter().map(shown).collect::<Vec<_>>(),
        [
            "states:StartExecution arn:aws:states:*:*:stateMachine:own".to_owned(),
            format!("states:DescribeExecution {executions}:* {executions}/m:*"),
            format!("states:StopExecution {executions}:* {executions}/m:*"),
            format!("states:RedriveExecution {executions}/m:*"),
            "s3:GetObject arn:aws:s3:::in/items.csv".to_owned(),
            "s3:AbortMultipartUpload arn:aws:s3:::out/run*".to_owned(),
            "s3:GetObject arn:aws:s3:::out/run*".to_owned(),
            "s3:ListMultipartUploadParts arn:aws:s3:::out/run*".to_owned(),
            "s3:PutObject arn:aws:s3:::out/run*".to_owned(),
        ]
    );
    let listed = json!({ "Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": { "Bucket": null } });
    let needed = of_distributed_map(None, Some(&listed), None, &Place::anywhere());
    assert_eq!(shown(&needed[4]), "s3:ListBucket * !");
    assert!(needed[0].wide.is_some());
}

/// Every row of the tables is about operations that there are, and reads as it should.
#[test]
fn the_tables_know_their_operations() {
    for table in [include_str!("actions.txt"), include_str!("resources.txt")] {
        for [service, what, operations] in actions::rows(table) {
            let operations = match table.contains("{Member}") {
                true => operations,
                false => what,
            };
            let known = crate::services::sdk::find(service).unwrap_or_else(|| panic!("{service}"));
            for operation in operations.split(',') {
                let streams = operation == "InvokeWithResponseStream";
                assert!(known.has(operation) || streams, "{service}:{operation}");
            }
        }
    }
}
