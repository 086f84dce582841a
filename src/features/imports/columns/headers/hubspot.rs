//! The headers of HubSpot's exports, and the internal names of its properties.

use super::Known;
use crate::features::imports::columns::fields::{Field, Target};

/// The fields of a target with their headers in normal form, the most telling first.
pub(super) fn table(target: Target) -> &'static [Known] {
    match target {
        Target::Customers => &[
            (Field::ExternalId, &["recordid", "hsobjectid", "companyid"]),
            (Field::Name, &["companyname"]),
            (
                Field::AccountManagerEmail,
                &["hubspotowneremail", "companyowneremail", "companyowner"],
            ),
            // "Close Date" is the day a company became a customer, but most exports leave it blank.
            (Field::CustomerSince, &["createdate"]),
            (Field::Phone, &["phonenumber"]),
            (
                Field::LastActivityOn,
                &[
                    "lastactivitydate",
                    "lastcontacted",
                    "noteslastupdated",
                    "noteslastcontacted",
                ],
            ),
            (Field::Street, &["streetaddress", "address"]),
            (Field::Region, &["stateregion", "stateregioncode"]),
            (Field::PostalCode, &["postalcode", "zip"]),
            (Field::Country, &["countryregion", "countryregioncode"]),
            (Field::AnnualBilling, &["annualrevenue"]),
            (Field::Currency, &["annualrevenuecurrencycode", "companycurrency"]),
            (Field::Website, &["websiteurl", "companydomainname", "domain"]),
            (Field::LinkedinUrl, &["linkedincompanypage"]),
            (Field::XHandle, &["twitterhandle", "xhandle"]),
            (Field::PreferredLanguage, &["preferredlanguage"]),
        ],
        Target::Contacts => &[
            (Field::ExternalId, &["recordid", "hsobjectid", "contactid"]),
            (
                Field::CustomerExternalId,
                &[
                    "primaryassociatedcompanyid",
                    "associatedcompanyids",
                    "associatedcompanyidsprimary",
                    "associatedcompanyid",
                ],
            ),
            (
                Field::CustomerName,
                &[
                    "associatedcompanyprimary",
                    "associatedcompany",
                    "associatedcompanynames",
                    "companyname",
                ],
            ),
            (Field::Title, &["jobtitle"]),
            (Field::Phone, &["phonenumber"]),
            (Field::Mobile, &["mobilephonenumber"]),
            (Field::Country, &["countryregion", "countryregioncode"]),
            (
                Field::OwnerEmail,
                &["hubspotowneremail", "contactowneremail", "contactowner"],
            ),
        ],
        Target::Users => &[(Field::Name, &["username"]), (Field::Role, &["permissionset"])],
        Target::Assignments | Target::NpsResponses => &[],
        Target::Signals => &[
            (Field::ExternalId, &["ticketid", "dealid", "recordid"]),
            (
                Field::CustomerExternalId,
                &[
                    "primaryassociatedcompanyid",
                    "associatedcompanyids",
                    "associatedcompanyid",
                ],
            ),
            (Field::OccurredAt, &["createdate", "closedate"]),
            (Field::Amount, &["amount"]),
            (Field::Title, &["ticketname", "dealname"]),
            (Field::Detail, &["ticketdescription"]),
            (Field::OwnerEmail, &["ticketowner", "dealowner", "hubspotowneremail"]),
            (Field::Status, &["ticketstatus", "dealstage"]),
        ],
    }
}
