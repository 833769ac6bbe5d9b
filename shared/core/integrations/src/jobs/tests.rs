use super::*;
use crate::{Pattern, Resource};
use serde_json::json;

fn integration(call: &str) -> Integration {
    match Resource::parse(&format!("arn:aws:states:::{call}")).unwrap() {
        Resource::Service(integration) => integration,
        other => panic!("{other:?}"),
    }
}

/// A job's parameters, and the answer to its submission.
struct Submitted {
    integration: Integration,
    parameters: Value,
    submission: Value,
}

fn submitted(call: &str, parameters: Value, submission: Value) -> Submitted {
    Submitted {
        integration: integration(&format!("{call}.sync")),
        parameters,
        submission,
    }
}

impl Submitted {
    fn poll(&self) -> (String, String, Value) {
        let request = poll(&self.integration, &self.parameters, &self.submission).unwrap();
        (request.service, request.operation, request.members)
    }

    fn cancel(&self) -> Vec<(String, Value)> {
        cancel(&self.integration, &self.parameters, &self.submission)
            .into_iter()
            .map(|request| (request.operation, request.members))
            .collect()
    }

    fn progress(&self, members: Value) -> Progress {
        let answer = ServiceAnswer {
            members,
            status: 200,
            headers: Vec::new(),
        };
        progress(&self.integration, &self.submission, answer)
    }

    fn succeeds(&self, members: Value) -> Value {
        match self.progress(members) {
            Progress::Ended(Ok(result)) => result,
            other => panic!("{other:?}"),
        }
    }

    /// The cause, as JSON; the error is always the same.
    fn fails(&self, members: Value) -> Value {
        match self.progress(members) {
            Progress::Ended(Err(failure)) => {
                assert_eq!(failure.error, "States.TaskFailed");
                serde_json::from_str(&failure.cause.unwrap()).unwrap()
            }
            other => panic!("{other:?}"),
        }
    }

    fn runs(&self, members: Value) {
        assert_eq!(self.progress(members), Progress::Running);
    }

    fn handles(&self) -> Vec<String> {
        handles(&self.integration, &self.parameters, &self.submission)
    }
}

fn event(source: &str, detail_type: &str, detail: Value) -> Option<String> {
    handle_of_event(&json!({ "source": source, "detail-type": detail_type, "detail": detail }))
}

#[test]
fn a_glue_job_run_is_named_by_its_job_and_its_id() {
    let job = submitted(
        "glue:startJobRun",
        json!({ "JobName": "etl" }),
        json!({ "JobRunId": "jr_1" }),
    );
    let get = json!({ "JobName": "etl", "RunId": "jr_1" });
    assert_eq!(job.poll(), ("glue".into(), "GetJobRun".into(), get));
    let stop = json!({ "JobName": "etl", "JobRunIds": ["jr_1"] });
    assert_eq!(job.cancel(), [("BatchStopJobRun".into(), stop)]);
    job.runs(json!({ "JobRun": { "JobRunState": "RUNNING" } }));
    job.runs(json!({ "JobRun": { "JobRunState": "STOPPING" } }));
    job.runs(json!({}));
    let run = json!({ "JobRun": { "StartedOn": "2024-01-01T00:00:00Z", "JobRunState": "SUCCEEDED", "Id": "jr_1" } });
    let shown = job.succeeds(run);
    assert_eq!(
        shown.to_string(),
        "{\"Id\":\"jr_1\",\"JobRunState\":\"SUCCEEDED\",\"StartedOn\":1704067200000}"
    );
    let cause = job.fails(json!({ "JobRun": { "JobRunState": "FAILED", "ErrorMessage": "no memory" } }));
    assert_eq!(
        cause,
        json!({ "ErrorMessage": "no memory", "JobRunState": "FAILED" })
    );
    job.fails(json!({ "JobRun": { "JobRunState": "TIMEOUT" } }));
    let told = event(
        "aws.glue",
        "Glue Job State Change",
        json!({ "jobRunId": "jr_1", "state": "SUCCEEDED" }),
    );
    assert_eq!(job.handles(), [told.unwrap()]);
    let started = json!({ "jobRunId": "jr_1", "state": "STARTING" });
    assert_eq!(event("aws.glue", "Glue Job State Change", started), None);
    assert_eq!(
        event(
            "aws.glue",
            "Glue Crawler State Change",
            json!({ "state": "Succeeded" })
        ),
        None
    );
}

#[test]
fn a_batch_job_is_shown_as_its_description() {
    let job = submitted(
        "batch:submitJob",
        json!({ "JobName": "n" }),
        json!({ "JobId": "b-1" }),
    );
    assert_eq!(
        job.poll(),
        ("batch".into(), "DescribeJobs".into(), json!({ "Jobs": ["b-1"] }))
    );
    assert_eq!(job.cancel()[0].1["JobId"], "b-1");
    job.runs(json!({ "Jobs": [] }));
    job.runs(json!({ "Jobs": [{ "Status": "RUNNABLE" }] }));
    let done = json!({ "JobId": "b-1", "StartedAt": 1_500_000_000_000_i64, "Status": "SUCCEEDED" });
    assert_eq!(job.succeeds(json!({ "Jobs": [done] })), done);
    let cause = job.fails(json!({ "Jobs": [{ "Status": "FAILED", "StatusReason": "Host gone" }] }));
    assert_eq!(cause["StatusReason"], "Host gone");
    let told = event(
        "aws.batch",
        "Batch Job State Change",
        json!({ "jobId": "b-1", "status": "FAILED" }),
    );
    assert_eq!(job.handles(), [told.unwrap()]);
}

#[test]
fn an_ecs_task_has_failed_when_a_container_has() {
    let arn = "arn:aws:ecs:r:1:task/c/1";
    let tasks = json!({ "Tasks": [{ "TaskArn": arn }], "Failures": [] });
    let job = submitted(
        "ecs:runTask",
        json!({ "Cluster": "c", "TaskDefinition": "t" }),
        tasks,
    );
    let describe = json!({ "Cluster": "c", "Tasks": [arn] });
    assert_eq!(job.poll(), ("ecs".into(), "DescribeTasks".into(), describe));
    job.runs(json!({ "Tasks": [{ "LastStatus": "RUNNING" }] }));
    job.runs(json!({ "Tasks": [], "Failures": [{ "Reason": "MISSING" }] }));
    let task = |codes: Value| json!({ "LastStatus": "STOPPED", "StopCode": "EssentialContainerExited", "Containers": codes });
    let well = task(json!([{ "ExitCode": 0 }]));
    assert_eq!(job.succeeds(json!({ "Tasks": [well] })), sorted(well.clone()));
    let cause = job.fails(json!({ "Tasks": [task(json!([{ "ExitCode": 0 }, { "ExitCode": 3 }]))] }));
    assert_eq!(cause["Containers"][1]["ExitCode"], 3);
    job.fails(json!({ "Tasks": [task(json!([{ "Reason": "CannotPullContainerError" }]))] }));
    job.fails(json!({ "Tasks": [{ "LastStatus": "STOPPED", "StopCode": "TaskFailedToStart" }] }));
    let told = event(
        "aws.ecs",
        "ECS Task State Change",
        json!({ "taskArn": arn, "lastStatus": "STOPPED" }),
    );
    assert_eq!(job.handles(), [told.unwrap()]);
}

#[test]
fn several_ecs_tasks_are_one_job() {
    let tasks = json!({ "Tasks": [{ "TaskArn": "t1" }, { "TaskArn": "t2" }] });
    let job = submitted("ecs:runTask", json!({ "Count": 2 }), tasks);
    assert_eq!(job.poll().2, json!({ "Tasks": ["t1", "t2"] }));
    let stopped: Vec<Value> = job
        .cancel()
        .into_iter()
        .map(|(_, members)| members["Task"].clone())
        .collect();
    assert_eq!(stopped, ["t1", "t2"]);
    assert_eq!(job.handles(), ["aws.ecs:t1", "aws.ecs:t2"]);
    let task = |status: &str| json!({ "LastStatus": status, "Containers": [{ "ExitCode": 0 }] });
    job.runs(json!({ "Tasks": [task("STOPPED"), task("RUNNING")] }));
    let both = job.succeeds(json!({ "Tasks": [task("STOPPED"), task("STOPPED")] }));
    assert_eq!(both.as_array().unwrap().len(), 2);
}

#[test]
fn a_submission_that_names_no_job_is_a_failure() {
    let refused =
        json!({ "Failures": [{ "Reason": "RESOURCE:MEMORY" }], "SdkHttpMetadata": {}, "Tasks": [] });
    let job = submitted("ecs:runTask", json!({}), refused);
    let failure = poll(&job.integration, &job.parameters, &job.submission).unwrap_err();
    assert_eq!(failure.error, "States.TaskFailed");
    assert_eq!(
        failure.cause.unwrap(),
        "{\"Failures\":[{\"Reason\":\"RESOURCE:MEMORY\"}],\"Tasks\":[]}"
    );
    assert_eq!((job.cancel().len(), job.handles().len()), (0, 0));
}

#[test]
fn athena_shows_the_whole_answer() {
    let job = submitted(
        "athena:startQueryExecution",
        json!({ "QueryString": "SELECT 1" }),
        json!({ "QueryExecutionId": "q" }),
    );
    assert_eq!(job.poll().2, json!({ "QueryExecutionId": "q" }));
    assert_eq!(job.cancel()[0].0, "StopQueryExecution");
    let answer = |state: &str| {
        let status = json!({ "State": state, "SubmissionDateTime": "1970-01-01T00:00:01Z" });
        json!({ "QueryExecution": { "QueryExecutionId": "q", "Status": status } })
    };
    job.runs(answer("QUEUED"));
    let shown = job.succeeds(answer("SUCCEEDED"));
    assert_eq!(shown["QueryExecution"]["Status"]["SubmissionDateTime"], 1000);
    assert_eq!(
        job.fails(answer("CANCELLED"))["QueryExecution"]["QueryExecutionId"],
        "q"
    );
    let told = json!({ "queryExecutionId": "q", "currentState": "CANCELLED" });
    assert_eq!(
        job.handles(),
        [event("aws.athena", "Athena Query State Change", told).unwrap()]
    );
}

#[test]
fn codebuild_shows_a_build_as_its_start_did() {
    let arn = "arn:aws:codebuild:r:1:build/p:1";
    let build = json!({ "Build": { "Id": "p:1", "Arn": arn } });
    let job = submitted("codebuild:startBuild", json!({ "ProjectName": "p" }), build);
    assert_eq!(job.poll().2, json!({ "Ids": ["p:1"] }));
    job.runs(json!({ "Builds": [{ "BuildStatus": "IN_PROGRESS" }] }));
    let done = json!({ "Builds": [{ "BuildStatus": "SUCCEEDED", "Id": "p:1" }] });
    assert_eq!(
        job.succeeds(done),
        json!({ "Build": { "BuildStatus": "SUCCEEDED", "Id": "p:1" } })
    );
    job.fails(json!({ "Builds": [{ "BuildStatus": "TIMED_OUT" }] }));
    let told = json!({ "build-id": arn, "build-status": "STOPPED" });
    assert_eq!(
        job.handles(),
        [event("aws.codebuild", "CodeBuild Build State Change", told).unwrap()]
    );
    let batch = json!({ "BuildBatch": { "Id": "p:2" } });
    let job = submitted("codebuild:retryBuildBatch", json!({ "Id": "p:2" }), batch);
    assert_eq!(
        (job.poll().1.as_str(), job.handles().len()),
        ("BatchGetBuildBatches", 0)
    );
    let done = json!({ "BuildBatches": [{ "BuildBatchStatus": "SUCCEEDED" }] });
    assert_eq!(
        job.succeeds(done),
        json!({ "BuildBatch": { "BuildBatchStatus": "SUCCEEDED" } })
    );
}

#[test]
fn sagemaker_jobs_are_named_by_their_parameters() {
    for kind in [
        "Training",
        "Transform",
        "Processing",
        "Labeling",
        "HyperParameterTuning",
    ] {
        let name = format!("{kind}JobName");
        let status = format!("{kind}JobStatus");
        let arn = json!({ format!("{kind}JobArn"): "arn:x" });
        let job = submitted(
            &format!("sagemaker:create{kind}Job"),
            json!({ name.as_str(): "n" }),
            arn,
        );
        let (service, operation, members) = job.poll();
        assert_eq!(
            (service.as_str(), operation),
            ("sagemaker", format!("Describe{kind}Job"))
        );
        assert_eq!(members, json!({ name.as_str(): "n" }));
        assert_eq!(job.cancel(), [(format!("Stop{kind}Job"), members)]);
        job.runs(json!({ status.as_str(): "Stopping" }));
        job.succeeds(json!({ status.as_str(): "Completed" }));
        job.fails(json!({ status.as_str(): "Stopped", "FailureReason": "x" }));
        let expected = if kind == "Labeling" { 0 } else { 1 };
        assert_eq!(job.handles().len(), expected);
    }
    let told = json!({ "TrainingJobArn": "arn:x", "TrainingJobStatus": "Failed" });
    assert_eq!(
        event("aws.sagemaker", "SageMaker Training Job State Change", told).as_deref(),
        Some("aws.sagemaker:arn:x")
    );
}

#[test]
fn emr_clusters_and_steps_are_waited_for() {
    let created = json!({ "ClusterArn": "arn:c", "ClusterId": "j-1" });
    let job = submitted("elasticmapreduce:createCluster", json!({ "Name": "c" }), created);
    assert_eq!(
        job.poll(),
        (
            "emr".into(),
            "DescribeCluster".into(),
            json!({ "ClusterId": "j-1" })
        )
    );
    assert!(job.cancel().is_empty(), "a cluster outlives its execution");
    let cluster = |state: &str| json!({ "Cluster": { "Id": "j-1", "Status": { "State": state } } });
    job.runs(cluster("RUNNING"));
    let shown = job.succeeds(cluster("WAITING"));
    assert_eq!(
        (&shown["ClusterId"], &shown["Cluster"]["Id"]),
        (&json!("j-1"), &json!("j-1"))
    );
    job.fails(cluster("TERMINATED_WITH_ERRORS"));
    let told = json!({ "clusterId": "j-1", "state": "WAITING" });
    assert_eq!(
        job.handles(),
        [event("aws.emr", "EMR Cluster State Change", told).unwrap()]
    );

    let job = submitted(
        "elasticmapreduce:terminateCluster",
        json!({ "ClusterId": "j-1" }),
        json!({}),
    );
    job.runs(cluster("TERMINATING"));
    job.succeeds(cluster("TERMINATED"));
    assert_eq!(job.handles(), ["aws.emr:j-1"]);

    let step = json!({ "ClusterId": "j-1", "Step": {} });
    let job = submitted("elasticmapreduce:addStep", step, json!({ "StepId": "s-1" }));
    assert_eq!(job.poll().2, json!({ "ClusterId": "j-1", "StepId": "s-1" }));
    assert_eq!(
        job.cancel()[0].1,
        json!({ "ClusterId": "j-1", "StepIds": ["s-1"] })
    );
    let step = |state: &str| json!({ "Step": { "Status": { "State": state } } });
    assert_eq!(job.succeeds(step("COMPLETED"))["StepId"], "s-1");
    job.fails(step("INTERRUPTED"));
}

#[test]
fn emr_on_eks_and_emr_serverless_name_runs_by_two_ids() {
    let run = json!({ "Id": "r", "VirtualClusterId": "v" });
    let job = submitted("emr-containers:startJobRun", json!({}), run.clone());
    assert_eq!(job.poll(), ("emrcontainers".into(), "DescribeJobRun".into(), run));
    assert_eq!(
        job.succeeds(json!({ "JobRun": { "State": "COMPLETED" } })),
        json!({ "State": "COMPLETED" })
    );
    job.fails(json!({ "JobRun": { "State": "CANCELLED" } }));
    assert_eq!(job.cancel()[0].0, "CancelJobRun");

    let run = json!({ "ApplicationId": "a", "JobRunId": "r" });
    let job = submitted("emr-serverless:startJobRun", json!({}), run.clone());
    assert_eq!(
        job.poll(),
        ("emrserverless".into(), "GetJobRun".into(), run.clone())
    );
    job.runs(json!({ "JobRun": { "State": "CANCELLING" } }));
    job.succeeds(json!({ "JobRun": { "State": "SUCCESS" } }));
    let told = json!({ "jobRunId": "r", "state": "SUCCESS" });
    assert_eq!(
        job.handles(),
        [event("aws.emr-serverless", "EMR Serverless Job Run State Change", told).unwrap()]
    );
    let job = submitted("emr-serverless:cancelJobRun", json!({}), run);
    job.succeeds(json!({ "JobRun": { "State": "CANCELLED" } }));
    let job = submitted(
        "emr-serverless:startApplication",
        json!({ "ApplicationId": "a" }),
        json!({}),
    );
    assert_eq!(job.poll().2, json!({ "ApplicationId": "a" }));
    job.runs(json!({ "Application": { "State": "CREATED" } }));
    job.succeeds(json!({ "Application": { "State": "STARTED" } }));
}

#[test]
fn databrew_mediaconvert_and_bedrock_are_waited_for() {
    let job = submitted(
        "databrew:startJobRun",
        json!({ "Name": "n" }),
        json!({ "RunId": "r" }),
    );
    assert_eq!(job.poll().2, json!({ "Name": "n", "RunId": "r" }));
    job.succeeds(json!({ "State": "SUCCEEDED" }));
    job.fails(json!({ "State": "TIMEOUT" }));
    let job = submitted(
        "mediaconvert:createJob",
        json!({}),
        json!({ "Job": { "Id": "m" } }),
    );
    assert_eq!(job.poll().2, json!({ "Id": "m" }));
    job.runs(json!({ "Job": { "Status": "PROGRESSING" } }));
    job.succeeds(json!({ "Job": { "Status": "COMPLETE" } }));
    job.fails(json!({ "Job": { "Status": "CANCELED" } }));
    let job = submitted(
        "bedrock:createModelCustomizationJob",
        json!({}),
        json!({ "JobArn": "arn:b" }),
    );
    assert_eq!(job.poll().2, json!({ "JobIdentifier": "arn:b" }));
    job.runs(json!({ "Status": "InProgress" }));
    job.succeeds(json!({ "Status": "Completed", "OutputModelArn": "arn:m" }));
    assert_eq!(job.cancel()[0].0, "StopModelCustomizationJob");
}

#[test]
fn a_deletion_has_succeeded_when_the_thing_is_gone() {
    let parameters = json!({ "Name": "c" });
    let submission = json!({ "Cluster": { "Name": "c" }, "SdkHttpMetadata": {}, "SdkResponseMetadata": {} });
    let error = |code: &str| ServiceError {
        code: code.to_owned(),
        message: String::new(),
        status: 404,
        request_id: String::new(),
        modelled: true,
    };
    let gone = error("ResourceNotFoundException");
    let job = submitted("eks:deleteCluster", parameters.clone(), submission.clone());
    job.runs(json!({ "Cluster": { "Status": "DELETING" } }));
    assert_eq!(
        progress_of_refusal(&job.integration, &job.submission, &gone),
        Some(Progress::Ended(Ok(json!({ "Cluster": { "Name": "c" } }))))
    );
    let slow = error("ThrottlingException");
    assert_eq!(
        progress_of_refusal(&job.integration, &job.submission, &slow),
        None
    );
    let job = submitted("eks:createCluster", parameters, submission);
    assert_eq!(
        progress_of_refusal(&job.integration, &job.submission, &gone),
        None
    );
    job.succeeds(json!({ "Cluster": { "Status": "ACTIVE" } }));
    job.fails(json!({ "Cluster": { "Status": "FAILED" } }));
}

#[test]
fn every_sync_action_is_a_job_but_two() {
    let mut unknown = Vec::new();
    for service in services::ALL {
        for action in service.actions {
            if action.patterns.contains(&Pattern::Sync) && action.job.is_none() {
                unknown.push(format!("{}:{}", service.name, action.name));
            }
            if action.job.is_some() {
                assert!(action.patterns.contains(&Pattern::Sync), "{}", action.name);
            }
        }
    }
    // The first is a job of Kubernetes, and not of AWS; the second is the driver's own.
    assert_eq!(unknown, ["eks:runJob", "states:startExecution"]);
}

#[test]
fn patterns_are_listed_once() {
    let patterns = event_patterns();
    assert_eq!(
        patterns
            .iter()
            .filter(|pattern| pattern.source == "aws.emr")
            .count(),
        2
    );
    let glue = patterns
        .iter()
        .find(|pattern| pattern.source == "aws.glue")
        .unwrap();
    assert_eq!(
        (glue.detail_type, glue.status_field),
        ("Glue Job State Change", "state")
    );
}
