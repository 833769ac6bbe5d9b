use super::*;

#[test]
fn every_service_reads_and_has_schemas() {
    for name in service_names() {
        let service = service(name).unwrap();
        assert!(!service.model.operations.is_empty(), "{name}");
        for operation in service.model.operations.values() {
            let shapes = [operation.input, operation.output];
            for number in shapes.into_iter().flatten() {
                let is_structure = matches!(service.model.shapes[number], Shape::Structure { .. });
                assert!(is_structure, "{name}: an input or an output that is no structure");
                service.schemas.shape(number, Side::Request);
                service.schemas.shape(number, Side::Answer);
            }
        }
    }
}

#[test]
fn a_service_has_the_names_of_its_sdks_and_of_its_model() {
    assert!(std::ptr::eq(
        service("eventbridge").unwrap(),
        service("events").unwrap()
    ));
    assert_eq!(service_id("sfn"), Some("SFN"));
    assert_eq!(names("stepfunctions"), ["sfn", "stepfunctions"]);
    assert!(service("pigeons").is_none());
}
