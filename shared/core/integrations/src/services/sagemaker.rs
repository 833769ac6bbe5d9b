//! Jobs and endpoints of Amazon SageMaker; a name that is taken is refused, so nothing starts twice.

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR, RR_SYNC, Service, as_given};
use crate::jobs::{Ask, Job, JobEvent, Origin, Reading, Statuses, member};

pub(crate) const SERVICE: Service = Service {
    name: "sagemaker",
    client: Some("sagemaker"),
    naming: Naming {
        prefix: "SageMaker",
        fallback: "AmazonSageMakerException",
        service: "AmazonSageMaker",
    },
    actions: &[
        Action::new("createTrainingJob", RR_SYNC, Effect::Once).with_job(&TRAINING),
        Action::new("createTransformJob", RR_SYNC, Effect::Once).with_job(&TRANSFORM),
        Action::new("createProcessingJob", RR_SYNC, Effect::Once).with_job(&PROCESSING),
        Action::new("createLabelingJob", RR_SYNC, Effect::Once).with_job(&LABELING),
        Action::new("createHyperParameterTuningJob", RR_SYNC, Effect::Once).with_job(&TUNING),
        Action::new("createEndpoint", RR, Effect::Once),
        Action::new("createEndpointConfig", RR, Effect::Once),
        Action::new("createModel", RR, Effect::Once),
        Action::new("updateEndpoint", RR, Effect::Once),
    ],
    prepare: as_given,
    render: with_metadata,
};

const SUCCEEDED: &[&str] = &["Completed"];
const FAILED: &[&str] = &["Failed", "Stopped"];
const ENDED: &[&str] = &["Completed", "Failed", "Stopped"];

static TRAINING: Job = Job {
    describe: Ask {
        operation: "DescribeTrainingJob",
        members: &[member("TrainingJobName", Origin::Parameter("TrainingJobName"))],
    },
    reading: Reading::Status(Statuses::new("/TrainingJobStatus", SUCCEEDED, FAILED)),
    cancel: Some(Ask {
        operation: "StopTrainingJob",
        members: &[member("TrainingJobName", Origin::Parameter("TrainingJobName"))],
    }),
    event: Some(&JobEvent {
        source: "aws.sagemaker",
        detail_type: "SageMaker Training Job State Change",
        id: Origin::Submission("/TrainingJobArn"),
        id_field: "TrainingJobArn",
        status_field: "TrainingJobStatus",
        ended: ENDED,
    }),
};

static TRANSFORM: Job = Job {
    describe: Ask {
        operation: "DescribeTransformJob",
        members: &[member("TransformJobName", Origin::Parameter("TransformJobName"))],
    },
    reading: Reading::Status(Statuses::new("/TransformJobStatus", SUCCEEDED, FAILED)),
    cancel: Some(Ask {
        operation: "StopTransformJob",
        members: &[member("TransformJobName", Origin::Parameter("TransformJobName"))],
    }),
    event: Some(&JobEvent {
        source: "aws.sagemaker",
        detail_type: "SageMaker Transform Job State Change",
        id: Origin::Submission("/TransformJobArn"),
        id_field: "TransformJobArn",
        status_field: "TransformJobStatus",
        ended: ENDED,
    }),
};

static PROCESSING: Job = Job {
    describe: Ask {
        operation: "DescribeProcessingJob",
        members: &[member(
            "ProcessingJobName",
            Origin::Parameter("ProcessingJobName"),
        )],
    },
    reading: Reading::Status(Statuses::new("/ProcessingJobStatus", SUCCEEDED, FAILED)),
    cancel: Some(Ask {
        operation: "StopProcessingJob",
        members: &[member(
            "ProcessingJobName",
            Origin::Parameter("ProcessingJobName"),
        )],
    }),
    event: Some(&JobEvent {
        source: "aws.sagemaker",
        detail_type: "SageMaker Processing Job State Change",
        id: Origin::Submission("/ProcessingJobArn"),
        id_field: "ProcessingJobArn",
        status_field: "ProcessingJobStatus",
        ended: ENDED,
    }),
};

/// Labeling jobs send events of their tasks alone.
static LABELING: Job = Job {
    describe: Ask {
        operation: "DescribeLabelingJob",
        members: &[member("LabelingJobName", Origin::Parameter("LabelingJobName"))],
    },
    reading: Reading::Status(Statuses::new("/LabelingJobStatus", SUCCEEDED, FAILED)),
    cancel: Some(Ask {
        operation: "StopLabelingJob",
        members: &[member("LabelingJobName", Origin::Parameter("LabelingJobName"))],
    }),
    event: None,
};

static TUNING: Job = Job {
    describe: Ask {
        operation: "DescribeHyperParameterTuningJob",
        members: &[member(
            "HyperParameterTuningJobName",
            Origin::Parameter("HyperParameterTuningJobName"),
        )],
    },
    reading: Reading::Status(Statuses::new("/HyperParameterTuningJobStatus", SUCCEEDED, FAILED)),
    cancel: Some(Ask {
        operation: "StopHyperParameterTuningJob",
        members: &[member(
            "HyperParameterTuningJobName",
            Origin::Parameter("HyperParameterTuningJobName"),
        )],
    }),
    event: Some(&JobEvent {
        source: "aws.sagemaker",
        detail_type: "SageMaker HyperParameter Tuning Job State Change",
        id: Origin::Submission("/HyperParameterTuningJobArn"),
        id_field: "HyperParameterTuningJobArn",
        status_field: "HyperParameterTuningJobStatus",
        ended: ENDED,
    }),
};
