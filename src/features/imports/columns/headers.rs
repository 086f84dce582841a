//! The headers that CRMs write, and which fields they are.
//!
//! Sources: HubSpot's property labels as its exports head their columns (knowledge.hubspot.com,
//! "HubSpot's default company properties" and "… contact properties", and published exports);
//! Salesforce's labels for import and reports (help.salesforce.com, "Field Mapping for Other Data
//! Sources and Organization Import", and the fields of Account, Contact and Case); API names
//! (`BillingCity`, `hs_object_id`) for files of Data Loader and of scripts.
//!
//! Headers stand here as [`normal`] writes them: lowercase letters and digits only, so that
//! `State/Region`, `state_region` and `STATE REGION` are one. Earlier ones win over later ones
//! where a file has several for one field.

mod hubspot;
mod plain;
mod salesforce;

use unicode_normalization::UnicodeNormalization;

use super::Dialect;
use super::fields::{Field, Target};

/// A field, and the headers it is known by.
type Known = (Field, &'static [&'static str]);

/// A header without what people write in different ways: byte-order mark, case, spaces,
/// punctuation, accents' composition.
#[must_use]
pub fn normal(header: &str) -> String {
    header
        .nfkc()
        .flat_map(char::to_lowercase)
        .filter(|letter| letter.is_alphanumeric())
        .collect()
}

/// The field that a header of this normal form is in a file of this dialect, and how strongly it
/// counts as that: smaller is stronger. A field's own name comes first, then the CRM's own headers,
/// then what any file may use.
pub(super) fn find(target: Target, dialect: Dialect, header: &str) -> Option<(Field, usize)> {
    const ANY_FILE: usize = 1_000;
    let own_name = |field: &&Field| field.plain_name().is_some_and(|name| normal(name) == header);
    let within = |table: &'static [Known], base: usize| {
        table.iter().find_map(|(field, names)| {
            let position = names.iter().position(|name| *name == header)?;
            Some((field.clone(), base + position))
        })
    };
    let of_the_crm = match dialect {
        Dialect::Hubspot => hubspot::table(target),
        Dialect::Salesforce => salesforce::table(target),
        Dialect::Plain => &[],
    };
    let named = target.fields().iter().find(own_name).map(|field| (field.clone(), 0));
    named
        .or_else(|| within(of_the_crm, 1))
        .or_else(|| within(plain::table(target), ANY_FILE))
}

/// Headers that only one CRM writes. Two of them tell which one it was.
pub(super) fn telltales(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::Hubspot => &[
            "recordid",
            "companyowner",
            "contactowner",
            "createdate",
            "lastactivitydate",
            "stateregion",
            "countryregion",
            "lifecyclestage",
            "leadstatus",
            "associatedcompanyids",
            "associatedcompany",
            "associatedcontactids",
            "companydomainname",
            "streetaddress",
            "mobilephonenumber",
            "hsobjectid",
            "hubspotownerid",
            "hubspotowneremail",
            "ticketid",
            "ticketname",
            "ticketowner",
            "ticketstatus",
        ],
        Dialect::Salesforce => &[
            "accountid",
            "accountname",
            "accountowner",
            "recordowner",
            "contactid",
            "contactfullname",
            "businessphone",
            "billingstreet",
            "billingcity",
            "billingstate",
            "billingstateprovince",
            "billingzippostalcode",
            "billingpostalcode",
            "billingcountry",
            "mailingstreet",
            "mailingcity",
            "mailingstate",
            "mailingstateprovince",
            "mailingzippostalcode",
            "mailingpostalcode",
            "mailingcountry",
            "accountaccountname",
            "casenumber",
            "caseowner",
            "datetimeopened",
            "createddate",
            "currencyisocode",
            "accountownerlastactivitydate",
            "lastactivity",
            "reportsto",
            "mobilephone",
        ],
        Dialect::Plain => &[],
    }
}

/// The kind that a file's own id column gives its signals, where no column says it.
pub(super) fn implied_kind(headers: &[String]) -> Option<&'static str> {
    const KINDS: [(&str, &[&str]); 2] = [
        (
            "purchase",
            &[
                "orderid",
                "ordernumber",
                "soldby",
                "orderdate",
                "purchasedate",
                "dealid",
                "opportunityid",
            ],
        ),
        ("support_case", &["caseid", "casenumber", "ticketid", "ticketnumber"]),
    ];
    let has = |names: &[&str]| headers.iter().any(|header| names.contains(&header.as_str()));
    match KINDS.map(|(kind, names)| has(names).then_some(kind)) {
        [Some(kind), None] | [None, Some(kind)] => Some(kind),
        [None, None] | [Some(_), Some(_)] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_names_only_fields_of_its_target_and_normal_headers_once() {
        for &target in Target::ALL {
            for table in [hubspot::table(target), salesforce::table(target), plain::table(target)] {
                let mut seen = std::collections::HashSet::new();
                for (field, names) in table {
                    assert!(target.fields().contains(field), "{target:?} {field}");
                    for name in *names {
                        assert_eq!(*name, normal(name), "{target:?} {field}");
                        assert!(seen.insert(*name), "{target:?}: {name} stands twice");
                    }
                }
            }
        }
    }

    #[test]
    fn a_header_is_the_same_however_it_is_written() {
        for header in [
            "State/Region",
            "state_region",
            "STATE REGION",
            "\u{feff}state-region ",
            "Ｓtate/Region",
        ] {
            assert_eq!(normal(header), "stateregion", "{header}");
        }
    }
}
