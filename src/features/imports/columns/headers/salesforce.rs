//! The headers of Salesforce's reports and import files, and the API names of its fields.

use super::Known;
use crate::features::imports::columns::fields::{Field, Target};

/// The fields of a target with their headers in normal form, the most telling first.
pub(super) fn table(target: Target) -> &'static [Known] {
    match target {
        Target::Customers => &[
            (Field::ExternalId, &["accountid", "accountid18", "id", "accountnumber"]),
            (Field::Name, &["accountname", "accountaccountname", "name"]),
            (
                Field::AccountManagerEmail,
                &["accountowneremail", "owneremail", "accountowner", "recordowner"],
            ),
            (
                Field::CustomerSince,
                &["customersince", "createddate", "accountcreateddate"],
            ),
            (Field::Phone, &["phone", "accountphone", "businessphone"]),
            (
                Field::LastActivityOn,
                &["lastactivity", "lastactivitydate", "accountlastactivity"],
            ),
            (
                Field::Street,
                &[
                    "billingstreet",
                    "billingaddressline1",
                    "billingaddress",
                    "accountstreet",
                    "shippingstreet",
                ],
            ),
            (Field::City, &["billingcity", "shippingcity"]),
            (
                Field::Region,
                &[
                    "billingstateprovince",
                    "billingstate",
                    "shippingstateprovince",
                    "shippingstate",
                ],
            ),
            (
                Field::PostalCode,
                &[
                    "billingzippostalcode",
                    "billingpostalcode",
                    "shippingzippostalcode",
                    "shippingpostalcode",
                ],
            ),
            (
                Field::Country,
                &["billingcountry", "billingcountrycode", "shippingcountry"],
            ),
            (Field::AnnualBilling, &["annualrevenue"]),
            (
                Field::Currency,
                &["annualrevenuecurrency", "currencyisocode", "accountcurrency"],
            ),
        ],
        Target::Contacts => &[
            (
                Field::ExternalId,
                &["contactid", "contactid18", "contactcontactid", "id"],
            ),
            (
                Field::CustomerExternalId,
                &["accountid", "accountid18", "accountaccountid"],
            ),
            (Field::CustomerName, &["accountname", "accountaccountname"]),
            (Field::FirstName, &["contactfirstname"]),
            (Field::LastName, &["contactlastname"]),
            (Field::Name, &["contactname", "contactfullname", "fullname"]),
            (Field::Title, &["contacttitle"]),
            (Field::Phone, &["businessphone", "phone", "contactphone"]),
            (Field::Mobile, &["mobile", "mobilephone", "contactmobile"]),
            (Field::Email, &["contactemail"]),
            (Field::City, &["mailingcity", "contactmailingcity", "othercity"]),
            (
                Field::Country,
                &[
                    "mailingcountry",
                    "mailingcountrycode",
                    "contactmailingcountry",
                    "othercountry",
                ],
            ),
            (
                Field::OwnerEmail,
                &[
                    "contactowneremail",
                    "owneremail",
                    "contactowner",
                    "recordowner",
                    "accountowner",
                ],
            ),
        ],
        Target::Users => &[
            // "Username" is the address that somebody signs in with.
            (Field::Email, &["username"]),
            (Field::Name, &["fullname"]),
            (Field::Role, &["userrole"]),
            (Field::ManagerEmail, &["manager"]),
            (Field::TimeZone, &["timezonesidkey"]),
        ],
        Target::Assignments | Target::NpsResponses => &[],
        Target::Signals => &[
            (
                Field::ExternalId,
                &["casenumber", "caseid", "opportunityid", "ordernumber", "id"],
            ),
            (Field::CustomerExternalId, &["accountid", "accountid18"]),
            (Field::OccurredAt, &["datetimeopened", "createddate", "openeddate"]),
            (Field::OccurredOn, &["closedate", "orderstartdate"]),
            (Field::Title, &["subject", "opportunityname"]),
            (Field::Detail, &["description"]),
            (
                Field::OwnerEmail,
                &["caseowneremail", "caseowner", "opportunityowner", "owneremail"],
            ),
            (Field::Status, &["stage"]),
            (Field::Currency, &["amountcurrency", "currencyisocode"]),
        ],
    }
}
