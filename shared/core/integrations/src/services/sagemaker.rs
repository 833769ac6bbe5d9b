//! Jobs and endpoints of Amazon SageMaker; a name that is taken is refused, so nothing starts twice.

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR, RR_SYNC, Service, as_given};

pub(crate) const SERVICE: Service = Service {
    name: "sagemaker",
    client: Some("sagemaker"),
    naming: Naming {
        prefix: "SageMaker",
        fallback: "AmazonSageMakerException",
        service: "AmazonSageMaker",
    },
    actions: &[
        Action::new("createTrainingJob", RR_SYNC, Effect::Once),
        Action::new("createTransformJob", RR_SYNC, Effect::Once),
        Action::new("createProcessingJob", RR_SYNC, Effect::Once),
        Action::new("createLabelingJob", RR_SYNC, Effect::Once),
        Action::new("createHyperParameterTuningJob", RR_SYNC, Effect::Once),
        Action::new("createEndpoint", RR, Effect::Once),
        Action::new("createEndpointConfig", RR, Effect::Once),
        Action::new("createModel", RR, Effect::Once),
        Action::new("updateEndpoint", RR, Effect::Once),
    ],
    prepare: as_given,
    render: with_metadata,
};
