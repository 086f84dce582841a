use super::*;

#[test]
fn every_field_is_found_by_its_name_in_its_own_target_only() {
    for &target in Target::ALL {
        for field in target.fields() {
            assert_eq!(target.field(&field.to_string()), Some(field.clone()));
        }
    }
    assert_eq!(Target::Users.field("annual_billing"), None);
    assert_eq!(Target::Customers.field("Name"), None);
}

#[test]
fn what_is_required_is_a_field() {
    for &target in Target::ALL {
        for field in target
            .required()
            .iter()
            .chain(target.required_to_create())
            .copied()
            .flatten()
        {
            assert!(target.fields().contains(field), "{target:?} {field}");
        }
    }
}

#[test]
fn customers_take_custom_fields_and_services_by_name() {
    let custom = Field::Custom("contract_2".into());
    assert_eq!(
        Target::Customers.field("custom_fields.contract_2"),
        Some(custom.clone())
    );
    assert_eq!(custom.to_string(), "custom_fields.contract_2");
    let service = Field::Service("Internet".into());
    assert_eq!(Target::Customers.field("service: Internet"), Some(service));
    for wrong in [
        "custom_fields.",
        "custom_fields.A",
        "custom_fields.a.b",
        "service:",
        "service: ",
    ] {
        assert_eq!(Target::Customers.field(wrong), None, "{wrong}");
    }
    assert_eq!(Target::Contacts.field("custom_fields.a"), None);
}
