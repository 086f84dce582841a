use super::*;

fn read(target: Target, line: &str) -> Columns {
    recognise(target, &line.split(',').collect::<Vec<_>>(), &Mapping::new()).unwrap()
}

fn with(target: Target, line: &str, mapping: &str) -> Result<Columns, Vec<ColumnFault>> {
    let mapping: Mapping = serde_json::from_str(mapping).unwrap();
    recognise(target, &line.split(',').collect::<Vec<_>>(), &mapping)
}

fn names(columns: &Columns) -> Vec<String> {
    let join = |fields: &Vec<Field>| fields.iter().map(Field::to_string).collect::<Vec<_>>().join("+");
    columns.by_index.iter().map(join).collect()
}

const TELCO: &str = "customerID,gender,SeniorCitizen,Partner,Dependents,tenure,PhoneService,MultipleLines,\
InternetService,OnlineSecurity,OnlineBackup,DeviceProtection,TechSupport,StreamingTV,StreamingMovies,Contract,\
PaperlessBilling,PaymentMethod,MonthlyCharges,TotalCharges,Churn";

#[test]
fn northwinds_companies_are_hubspots() {
    let columns = read(
        Target::Customers,
        "\u{feff}Record ID,Company name,Company owner,Create Date,Phone Number,\
        Last Activity Date,Street Address,City,State/Region,Postal Code,Country/Region,Industry,Annual Revenue,Currency",
    );
    assert_eq!(columns.dialect, Dialect::Hubspot);
    assert_eq!(
        names(&columns),
        [
            "external_id",
            "name",
            "account_manager_email",
            "customer_since",
            "phone",
            "last_activity_on",
            "street",
            "city",
            "region",
            "postal_code",
            "country",
            "industry",
            "annual_billing",
            "currency",
        ]
    );
    assert!(columns.ignored.is_empty() && columns.missing_required.is_empty() && columns.missing_to_create.is_empty());
}

#[test]
fn northwinds_contacts_are_salesforces() {
    let columns = read(
        Target::Contacts,
        "Contact ID,Account ID,Account Name,First Name,Last Name,Title,Business Phone,\
        Email,Mailing City,Mailing Country,Record Owner",
    );
    assert_eq!(columns.dialect, Dialect::Salesforce);
    assert_eq!(
        names(&columns),
        [
            "external_id",
            "customer_external_id",
            "customer_name",
            "first_name",
            "last_name",
            "title",
            "phone",
            "email",
            "city",
            "country",
            "owner_email",
        ]
    );
    assert!(columns.missing_required.is_empty());
}

#[test]
fn northwinds_purchases_and_users_are_plain() {
    let columns = read(
        Target::Signals,
        "order_id,customer_external_id,occurred_on,amount,currency,sold_by",
    );
    assert_eq!(columns.dialect, Dialect::Plain);
    assert_eq!(
        names(&columns),
        [
            "external_id",
            "customer_external_id",
            "occurred_on",
            "amount",
            "currency",
            "owner_email"
        ]
    );
    assert_eq!(columns.implied_kind, Some("purchase"));
    assert!(columns.missing_required.is_empty() && columns.missing_to_create.is_empty());

    let columns = read(
        Target::Users,
        "email,name,title,role,department,manager_email,phone,city,country,hired_on",
    );
    assert_eq!(
        names(&columns),
        [
            "email",
            "name",
            "title",
            "role",
            "department",
            "manager_email",
            "phone",
            "city",
            "country",
            "hired_on",
        ]
    );
}

#[test]
fn the_telco_file_is_imported_through_a_mapping() {
    let columns = with(
        Target::Customers,
        TELCO,
        r#"{
        "customerID": ["external_id", "name"], "tenure": "tenure_months", "TotalCharges": "annual_billing",
        "PhoneService": "service:Phone", "InternetService": "service:Internet", "OnlineBackup": "service:Online backup",
        "Contract": ["custom_fields.contract", "tags"], "PaymentMethod": "custom_fields.payment_method"}"#,
    )
    .unwrap();
    assert_eq!(names(&columns)[0], "external_id+name");
    assert_eq!(columns.index_of(&Field::Name), Some(0));
    assert_eq!(columns.index_of(&Field::TenureMonths), Some(5));
    assert_eq!(columns.index_of(&Field::Service("Internet".into())), Some(8));
    assert_eq!(names(&columns)[15], "custom_fields.contract+tags");
    assert_eq!(columns.ignored.len(), 13);
    assert!(columns.ignored.contains(&"Churn".to_owned()));
    assert!(columns.missing_required.is_empty() && columns.missing_to_create.is_empty());
}

#[test]
fn without_a_mapping_unknown_columns_are_ignored_and_reported() {
    let columns = read(Target::Customers, TELCO);
    assert_eq!(names(&columns).concat(), "external_id");
    assert_eq!(columns.ignored.len(), 20);
    assert_eq!(columns.missing_to_create, ["name"]);
}

#[test]
fn a_salesforce_account_report_is_recognised() {
    let columns = read(
        Target::Customers,
        "Account Owner,Account Name,Account ID,Billing Street,Billing City,\
        Billing State/Province,Billing Zip/Postal Code,Billing Country,Phone,Fax,Last Activity,Created Date,Shipping City",
    );
    assert_eq!(columns.dialect, Dialect::Salesforce);
    assert_eq!(
        names(&columns),
        [
            "account_manager_email",
            "name",
            "external_id",
            "street",
            "city",
            "region",
            "postal_code",
            "country",
            "phone",
            "",
            "last_activity_on",
            "customer_since",
            "",
        ]
    );
    assert_eq!(columns.ignored, ["Fax", "Shipping City"]);
}

#[test]
fn a_data_loader_file_is_recognised_by_its_api_names() {
    let columns = read(
        Target::Contacts,
        "Id,AccountId,FirstName,LastName,MobilePhone,Email,MailingCity,OwnerId",
    );
    assert_eq!(columns.dialect, Dialect::Salesforce);
    assert_eq!(
        names(&columns),
        [
            "external_id",
            "customer_external_id",
            "first_name",
            "last_name",
            "mobile",
            "email",
            "city",
            "",
        ]
    );
}

#[test]
fn a_hubspot_contacts_export_is_recognised() {
    let columns = read(
        Target::Contacts,
        "Record ID,First Name,Last Name,Email,Phone Number,Mobile Phone Number,\
        Contact owner,Job Title,Lead Status,Create Date,Associated Company IDs,Associated Company",
    );
    assert_eq!(columns.dialect, Dialect::Hubspot);
    assert_eq!(
        names(&columns),
        [
            "external_id",
            "first_name",
            "last_name",
            "email",
            "phone",
            "mobile",
            "owner_email",
            "title",
            "",
            "",
            "customer_external_id",
            "customer_name",
        ]
    );
}

#[test]
fn a_case_report_implies_support_cases() {
    let columns = read(
        Target::Signals,
        "Case Number,Account ID,Subject,Date/Time Opened,Case Owner,Status",
    );
    assert_eq!(
        (columns.dialect, columns.implied_kind),
        (Dialect::Salesforce, Some("support_case"))
    );
    let columns = read(Target::Signals, "Case Number,Account ID,Type,Date/Time Opened");
    assert_eq!(columns.implied_kind, None);
}

#[test]
fn the_more_telling_of_two_columns_counts_wherever_it_stands() {
    for line in ["Web,Website,id", "Website,Web,id"] {
        let columns = read(Target::Customers, line);
        assert_eq!(columns.ignored, ["Web"]);
    }
}

#[test]
fn a_mapping_wins_over_recognition() {
    let columns = with(
        Target::Customers,
        "id,name,Legal Name,phone,city",
        r#"{"legal name": "name", "phone": []}"#,
    )
    .unwrap();
    assert_eq!(names(&columns), ["external_id", "", "name", "", "city"]);
    assert_eq!(columns.ignored, ["name", "phone"]);
}

#[test]
fn lists_may_come_from_several_columns() {
    let columns = with(Target::Customers, "id,a,b,tags", r#"{"a": "tags", "b": "tags"}"#).unwrap();
    assert_eq!(names(&columns), ["external_id", "tags", "tags", "tags"]);
}

#[test]
fn a_header_that_stands_twice_is_refused_only_if_it_matters() {
    let faults = with(Target::Customers, "id,Name,name,Note,Note,,", "{}").unwrap_err();
    assert_eq!(faults, [ColumnFault::DuplicateHeader { header: "Name".into() }]);
    let columns = read(Target::Customers, "id,name,Note,Note,,");
    assert_eq!(columns.ignored, ["Note", "Note"]);
    let faults = with(Target::Customers, "id,Note,Note", r#"{"Note": "tags"}"#).unwrap_err();
    assert_eq!(faults, [ColumnFault::DuplicateHeader { header: "Note".into() }]);
}

#[test]
fn every_fault_of_a_mapping_is_told_at_once_with_what_would_be_right() {
    let faults = with(
        Target::Users,
        "email,Full name,x",
        r#"{
        "mail": "email", "x": "annual_billing", "email": "email", "Full name": "custom_fields.a"}"#,
    )
    .unwrap_err();
    let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 4, "{told:?}");
    for expected in [
        "names a column \"mail\"; the file has: email, Full name, x",
        "the mapping of \"x\" names a field \"annual_billing\"; there are: email, name, first_name",
        "\"custom_fields.a\"",
        "gives the field \"email\" to several columns: email, mail",
    ] {
        assert!(
            told.iter().any(|fault| fault.contains(expected)),
            "{expected}: {told:?}"
        );
    }
}

#[test]
fn what_is_missing_is_told_with_its_alternatives() {
    let columns = read(Target::Signals, "amount");
    assert_eq!(
        columns.missing_required,
        ["external_id", "customer_external_id", "occurred_on or occurred_at"]
    );
    assert_eq!(columns.missing_to_create, ["kind"]);
    let columns = read(Target::Contacts, "phone");
    assert_eq!(
        columns.missing_required,
        ["external_id or email", "customer_external_id or customer_name"]
    );
    let none: Vec<&str> = Vec::new();
    assert_eq!(
        recognise(Target::Users, &none, &Mapping::new())
            .unwrap()
            .missing_required,
        ["email"]
    );
}

#[test]
fn columns_are_shown_by_names() {
    let shown = serde_json::to_value(with(Target::Customers, "id,c", r#"{"c": "custom_fields.c"}"#).unwrap()).unwrap();
    assert_eq!(shown["dialect"], "plain");
    assert_eq!(
        shown["by_index"],
        serde_json::json!([["external_id"], ["custom_fields.c"]])
    );
}

proptest::proptest! {
    #[test]
    fn no_header_row_makes_it_panic_and_none_is_lost(
        row in proptest::collection::vec("(\\PC{0,12}|Record ID|Account Name|phone|city|email)", 0..12),
    ) {
        for target in [Target::Customers, Target::Contacts, Target::Users, Target::Signals] {
            if let Ok(columns) = recognise(target, &row, &Mapping::new()) {
                proptest::prop_assert_eq!(columns.by_index.len(), row.len());
                let used = columns.by_index.iter().filter(|fields| !fields.is_empty()).count();
                let blank = row.iter().filter(|header| as_written(header).is_empty()).count();
                proptest::prop_assert_eq!(used + columns.ignored.len() + blank, row.len());
            }
        }
    }
}

#[test]
fn hubspots_own_id_tells_it_whatever_else_was_chosen() {
    let columns = read(Target::Customers, "Record ID,Company name,City");
    assert_eq!(columns.dialect, Dialect::Hubspot);
    assert_eq!(names(&columns), ["external_id", "name", "city"]);
    let columns = read(Target::Contacts, "Record ID,First Name,Last Name,Email");
    assert_eq!(names(&columns), ["external_id", "first_name", "last_name", "email"]);
    let columns = read(Target::Customers, "external_id,name,Record ID");
    assert_eq!(columns.dialect, Dialect::Plain);
}
