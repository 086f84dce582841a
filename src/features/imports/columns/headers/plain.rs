//! The headers of everybody else: what people call these things.

use super::Known;
use crate::features::imports::columns::fields::{Field, Target};

/// The fields of a target with their headers in normal form, the most telling first.
pub(super) fn table(target: Target) -> &'static [Known] {
    match target {
        Target::Customers => &[
            (
                Field::ExternalId,
                &[
                    "customerid",
                    "companyid",
                    "accountid",
                    "clientid",
                    "customernumber",
                    "crmid",
                    "id",
                ],
            ),
            (
                Field::Name,
                &[
                    "customername",
                    "customer",
                    "companyname",
                    "company",
                    "accountname",
                    "account",
                    "clientname",
                    "client",
                    "organization",
                    "organisation",
                ],
            ),
            (
                Field::AccountManagerEmail,
                &[
                    "accountmanager",
                    "accountmanagermail",
                    "accountowneremail",
                    "accountowner",
                    "owneremail",
                    "owner",
                ],
            ),
            (
                Field::CustomerSince,
                &["clientsince", "since", "startdate", "customerstartdate"],
            ),
            (Field::TenureMonths, &["tenureinmonths", "monthsascustomer"]),
            (
                Field::Phone,
                &[
                    "phonenumber",
                    "telephone",
                    "telephonenumber",
                    "tel",
                    "mainphone",
                    "businessphone",
                ],
            ),
            (
                Field::LastActivityOn,
                &[
                    "lastactivity",
                    "lastactivitydate",
                    "lastcontact",
                    "lastcontacted",
                    "lastcontactdate",
                ],
            ),
            (Field::Street, &["streetaddress", "address", "addressline1", "address1"]),
            (Field::City, &["town"]),
            (
                Field::Region,
                &["state", "province", "stateprovince", "stateregion", "county"],
            ),
            (Field::PostalCode, &["zip", "zipcode", "postcode", "zippostalcode"]),
            (Field::Country, &["countryregion", "countrycode"]),
            (Field::Industry, &["sector"]),
            (
                Field::AnnualBilling,
                &["annualrevenue", "billing", "billingperyear", "yearlybilling", "revenue"],
            ),
            (
                Field::Currency,
                &["currencycode", "currencyisocode", "annualbillingcurrency"],
            ),
            (Field::TimeZone, &["tz"]),
            (Field::Website, &["websiteurl", "web", "url", "homepage", "domain"]),
            (Field::LinkedinUrl, &["linkedin", "linkedinpage", "linkedincompanypage"]),
            (Field::XHandle, &["twitter", "twitterhandle"]),
            (Field::Tags, &["tag", "labels", "segments"]),
            (
                Field::Services,
                &["service", "products", "productsused", "servicesused"],
            ),
            (Field::DoNotContact, &["dnc", "donotcall"]),
            (Field::DoNotContactReason, &["dncreason", "donotcallreason"]),
            (Field::PreferredLanguage, &["language"]),
        ],
        Target::Contacts => &[
            (Field::ExternalId, &["contactid", "crmid", "id"]),
            (
                Field::CustomerExternalId,
                &["customerid", "companyid", "accountid", "clientid"],
            ),
            (
                Field::CustomerName,
                &[
                    "customer",
                    "companyname",
                    "company",
                    "accountname",
                    "account",
                    "client",
                    "organization",
                    "organisation",
                ],
            ),
            (Field::FirstName, &["forename", "givenname"]),
            (Field::LastName, &["surname", "familyname"]),
            (Field::Name, &["fullname", "contactname", "contact"]),
            (Field::Title, &["jobtitle", "position"]),
            (
                Field::Phone,
                &[
                    "phonenumber",
                    "telephone",
                    "tel",
                    "businessphone",
                    "workphone",
                    "officephone",
                ],
            ),
            (
                Field::Mobile,
                &["mobilephone", "mobilephonenumber", "cell", "cellphone"],
            ),
            (Field::Email, &["emailaddress", "mail", "workemail"]),
            (Field::City, &["town"]),
            (Field::Country, &["countryregion", "countrycode"]),
            (
                Field::OwnerEmail,
                &[
                    "owner",
                    "contactowner",
                    "contactowneremail",
                    "accountmanager",
                    "accountmanageremail",
                ],
            ),
            (
                Field::IsPrimary,
                &["primary", "primarycontact", "isprimarycontact", "maincontact"],
            ),
        ],
        Target::Users => &[
            (Field::Email, &["emailaddress", "mail", "useremail"]),
            (Field::Name, &["fullname", "username", "user", "employee"]),
            (Field::FirstName, &["forename", "givenname"]),
            (Field::LastName, &["surname", "familyname"]),
            (Field::Title, &["jobtitle", "position"]),
            (Field::Department, &["team"]),
            (Field::ManagerEmail, &["manager", "reportsto", "manageremailaddress"]),
            (Field::Phone, &["phonenumber", "telephone", "tel", "businessphone"]),
            (Field::Country, &["countryregion", "countrycode"]),
            (Field::HiredOn, &["hiredate", "hired", "startdate"]),
            (Field::TimeZone, &["tz"]),
        ],
        Target::Signals => &[
            (
                Field::ExternalId,
                &[
                    "orderid",
                    "ordernumber",
                    "caseid",
                    "casenumber",
                    "ticketid",
                    "ticketnumber",
                    "signalid",
                    "id",
                ],
            ),
            (
                Field::CustomerExternalId,
                &["customerid", "companyid", "accountid", "clientid"],
            ),
            (Field::Kind, &["type", "signaltype", "signalkind"]),
            (Field::OccurredOn, &["date", "orderdate", "purchasedate", "purchasedon"]),
            (
                Field::OccurredAt,
                &["timestamp", "datetime", "openedat", "createdat", "orderedat"],
            ),
            (Field::Amount, &["total", "value", "orderamount", "ordertotal", "price"]),
            (Field::Currency, &["currencycode", "currencyisocode"]),
            (Field::Title, &["subject", "headline", "summary"]),
            (Field::Detail, &["details", "description", "body", "notes"]),
            (Field::SourceUrl, &["source", "url", "link"]),
            (
                Field::OwnerEmail,
                &["soldby", "owner", "soldbyemail", "salesperson", "agent"],
            ),
            (Field::Status, &["state"]),
        ],
    }
}
