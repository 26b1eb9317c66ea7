### Pages of requests and approvals

## States
request-state-submitted = waiting for approval
request-state-approved = approved (to be issued)
request-state-issuing = being issued
request-state-issued = issued
request-state-returned = returned
request-state-rejected = rejected
request-state-withdrawn = withdrawn
request-state-failed = could not be issued

request-next-submitted = The manager has yet to approve.
request-next-approved = Approved. The certificate will be issued soon.
request-next-issuing = The certificate is being issued. Open this page again in a moment.
request-next-issued = The certificate was issued. Use the button below to receive it.
request-next-returned = The request was returned. Read the reason, correct the content and make a new request.
request-next-rejected = The request was rejected. No certificate will be issued for it.
request-next-withdrawn = The request was withdrawn by the applicant's side. Make a new request if you need one.
request-next-failed = The certificate could not be issued. Tell the centre the request number.

request-steps-label = Progress
request-step-requested = Request
request-step-approved = Approval
request-step-issued = Issue
step-done = done
step-current = now here
step-stopped = stopped
step-waiting = to come

## List
requests-title = Requests
requests-new = Make a new request
requests-filter-label = Narrow by state
requests-filter-all = All
requests-filter-waiting = Waiting for approval
requests-filter-working = Being issued
requests-filter-issued = Issued
requests-filter-closed = Returned, rejected, withdrawn
requests-search-label = Request number or server name
requests-search-button = Search
requests-empty = There are no requests yet. Begin with “Make a new request”.
requests-no-hit = No request matches. Search by request number, such as “R8-000123”, or by server name or a part of it.
requests-count = Requests shown: { $count }
requests-more = Show earlier requests
requests-caption = Requests of your organisation
column-number = Request number
column-names = Server names
column-requester = Requested by
column-submitted = Requested at
column-state = State
names-and-more = and { $count } more

## New request
new-request-title = New request
new-request-lead = What is the certificate for?
kind-web-server = Certificate for a web server
kind-web-server-hint = It encrypts the traffic of a web site or business system and shows that the server is the right one.
kind-later = Certificates for posts, for users and for mail cannot be requested here yet.
new-request-next = Continue

web-server-title = Request for a web server certificate
web-server-steps-label = Steps of the request
web-server-step-input = Enter
web-server-step-confirm = Check
web-server-step-done = Done
web-server-lead = Have the file ready that the server's administrator gave you. After the request, another person (the manager) approves it, and the certificate is issued.
field-names = Server names (FQDN)
field-names-hint = One name a line, at most { $limit }. The first name becomes the certificate's main name.
field-names-domains = Domains you may use: { $domains } (and names below them)
field-names-domains-none = No domain is verified yet. Ask the centre to register your domain.
field-csr = Certificate signing request (CSR)
field-csr-hint = The file made together with the key on the server (.csr or .req). Do not send the file of the private key (.key).
field-csr-file = Choose a file
field-csr-file-hint = Up to { $limit } KB. A chosen file is used before pasted text.
field-csr-paste = Or paste its content
field-note = Note
field-note-hint = Anything the approver should know, up to { $limit } characters. It is not put into the certificate.
button-diagnose = Examine
button-confirm = Check the content
button-submit = Submit the request
button-edit = Go back and correct
button-back-to-list = Back to the list

## Result of the examination
diagnosis-good = This signing request can be used.
diagnosis-bad = This signing request cannot be used.
diagnosis-proof-good = The signature matches: the maker holds the key.
diagnosis-ignored-subject = Name written in the signing request
diagnosis-ignored-subject-hint = This name is not used. The certificate's name comes from the organisation register and from this request.
diagnosis-ignored-names = Server names written in the signing request
diagnosis-ignored-names-hint = This list is not used. Only the names entered above go into the certificate.

## Check
confirm-title = Check the request
confirm-lead = Nothing has been submitted yet. The certificate will say the following. If it is right, press “Submit the request”.
confirm-certificate-says = What the certificate will say
confirm-subject = Certificate's name
confirm-names = Server names
confirm-organisation = Organisation
confirm-key = Kind of key
confirm-key-fingerprint = Fingerprint of the key (SHA-256)
confirm-profile = Kind of certificate
confirm-notices = What was corrected
confirm-not-in-certificate = What the certificate will not say
confirm-note = Note
confirm-note-none = none
confirm-requester = Requested by
confirm-reminder = A request cannot be changed once it is submitted. Until it is approved you can withdraw it and make a new one.

## Detail of a request
request-title = Request { $number }
request-content = Content of the request
request-kind = Kind
request-history = What happened so far
request-event-submitted = { $name } made the request.
request-event-approved = { $name } approved it.
request-event-returned = { $name } returned it.
request-event-rejected = { $name } rejected it.
request-event-withdrawn = { $name } withdrew it.
request-event-issued = The certificate was issued.
request-reason = Reason
request-certificate = Show the certificate
request-again = Make a new request
request-own = This is your own request. Two people have to look at each request, so you cannot approve it yourself. Ask another manager.
request-not-approver = A manager approves requests.
request-withdraw-title = Withdraw the request
request-withdraw-hint = No certificate will be issued for a withdrawn request. This cannot be undone, but you can make a new request.
button-withdraw = Withdraw this request
request-done-submitted = The request was received. Its number is { $number }.
request-done-approved = You approved the request.
request-done-returned = You returned the request.
request-done-rejected = You rejected the request.
request-done-withdrawn = You withdrew the request.
person-unknown = (person not registered)

## Approval
approvals-title = Approvals
approvals-lead = Requests that wait for approval, oldest first.
approvals-empty = Nothing is waiting. New requests will appear here.
approvals-count = Waiting: { $count }.
approval-sentence = { $requester } of { $organisation } requests a web server certificate for { $names }.
approval-waiting-since = Requested at { $when }.
approval-key = The key is { $key }.
approval-checks = Checked by machine
approval-check-proof = The applicant holds the key (the signature matches)
approval-check-domains = All server names are below your organisation's verified domains
approval-check-key = The key is not weak and was not used before
approval-flags = Look closely at
approval-no-flags = Nothing in particular was found.
flag-new-name = It is this organisation's first certificate for “{ $name }”. Check that the server exists.
flag-many-names = There are { $count } server names. If one is wrong, the certificate has to be made again for all.
flag-rsa-2048 = The key is RSA with 2048 bits. It may be used until the end of 2030 only.
flag-already-valid = “{ $name }” already has a valid certificate (until { $until }). Check that this one replaces it.
flag-domain-expired = The proof for the domain of “{ $name }” has expired. As it is, the certificate cannot be issued.
flag-long-wait = It has waited for { $days } days.
approval-statement = Statement you approve
approval-statement-hint = This text is kept as it is and cannot be changed later.
approval-statement-hash = Fingerprint of the statement (SHA-256)
approval-title = Approve, return or reject
button-approve = Approve
button-return = Return
button-reject = Reject
approval-reason = Reason for returning or rejecting
approval-reason-hint = Required when you return or reject. The applicant can read it. At most { $limit } characters.
approval-return-or-reject = Return or reject
approval-own = This is your own request. You cannot approve it yourself; wait for another manager.

## Decided by someone else meanwhile
stale-title = Somebody else has already dealt with this request
stale-by = { $name } made it “{ $state }” at { $when }. What you did was not carried out.
stale-unknown = Its state is now “{ $state }”. What you did was not carried out.
stale-kept = The reason you typed is still here. Copy it if you need it.
refused-own = You cannot approve your own request. If the applicant and the approver are the same person, nobody would notice a mistake or misuse. Ask another manager.
refused-domain-expired = “{ $name }” cannot be approved, because the proof for its domain has expired. Ask the centre to verify the domain again, and approve once that is done.
diagnosis-none = There is no signing request (CSR) yet.
diagnosis-key-is = The key is { $key }.
diagnosis-fingerprint-is = The key's fingerprint (SHA-256) is { $fingerprint }.
diagnosis-subject-ignored = The name in the signing request, “{ $subject }”, is not used. The certificate's name comes from the organisation register and from this request.
diagnosis-names-ignored = The server names in the signing request, “{ $names }”, are not used. Only the names entered above go into the certificate.
confirm-validity = Valid
confirm-validity-days = { $days } days from the time of issue
confirm-validity-years = { $years } years from issue
stale-kept-label = The reason you typed
list-separator = {", "}
approvals-done = Request { $number }: { $text }
