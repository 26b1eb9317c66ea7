### Handing over keys that were made at the centre

request-delivery = Hand over the key
delivery-title = Handing over the key ({ $number })
delivery-steps-label = How far the handing over is
delivery-step-pin = PIN shown
delivery-step-file = File downloaded

delivery-too-early = The certificate has not been issued yet. Once it is, the key can be handed over here.
delivery-ready = Certificate and private key are put into one file, sealed with a PIN. Give the PIN and the file to the holder by different ways.
delivery-packed = The PIN has been shown. Next, download the file.
delivery-fetched = The file has been downloaded. Neither the private key nor the PIN is left at the centre. If it did not arrive or was lost, revoke this certificate and ask for a new one.
delivery-closed = The centre's vault is not open, so the key cannot be handed over now. It is still kept. Tell the centre the request number.
delivery-over-request-ended = No certificate was issued for this request, so the private key was erased.
delivery-over-not-packed = Nobody made the PIN within 30 days of the issue, so the private key was erased. Revoke this certificate and ask for a new one.
delivery-over-not-fetched = Nobody downloaded the file in time, so it was erased. Revoke this certificate and ask for a new one.
delivery-over-revoked = The certificate is revoked, so the private key was erased. Ask for a new one if you need it.
delivery-by = By whom and when
delivery-who-and-when = { $name } ({ $when })
delivery-until = The file can be downloaded until
delivery-new-request = Ask for a new certificate
delivery-back = Back to the request

delivery-pin-title = Make and show the PIN
delivery-pin-once = The PIN is shown this one time. Nobody can see it again later.
delivery-pin-printer = Have a printer ready, and print as soon as it is shown.
delivery-pin-clock = Download the file within 72 hours from then. After that it is erased, and another one needs a new request.
delivery-pin-button = Make and show the PIN
delivery-legacy = Use the form for old devices (3DES)
delivery-legacy-hint = Only for devices, such as old printers, that cannot read the usual file. Its seal is weaker.

delivery-link-title = Make a download link
delivery-link-lead = Makes a link by which the file can be downloaded once. People of the same organisation who may file requests can open it.
delivery-link-again = A link has been made before. If you make another one, the earlier one stops working.
delivery-link-button = Make the link

slip-title = PIN slip
slip-now = When you close this page, the PIN is never shown again. Print it now (Ctrl+P).
slip-to = For { $name }
slip-lead = This is the PIN that opens the file with your certificate.
slip-spaces = It has 20 digits. Do not type the spaces between them.
slip-number = Request number
slip-subject = Name in the certificate
slip-serial = Serial number
slip-made = PIN made by
slip-what-to-do = How to use it
slip-do-file = You get the file with the certificate (.p12) by another way than this slip.
slip-do-type = When you import the file and are asked for the PIN, type the digits above.
slip-do-check = When the import has worked, delete every copy of the file.
slip-destroy = When the import is done, shred this slip. Do not keep it together with the file, and do not take a picture of it.
slip-next = It is printed: go on to the file

link-title = Download link ({ $number })
link-lead = Give this link to the person who downloads the file, by another way than the PIN slip.
link-label = Link
link-hint = It works once, until { $until }. People of the same organisation who may file requests can open it.
link-open = Download it myself
link-copy = Copy the link
link-copied = The link is copied
link-apart = Never put PIN and link into the same mail. That neither opens anything alone is what protects the key.
link-back = Back to the handing over

fetch-title = Download the file with the certificate
fetch-lead = The file with certificate and private key will be stored on this terminal.
fetch-organisation = Organisation
fetch-once = It can be downloaded once. After that the centre has erased it.
fetch-lost = If the connection breaks on the way, it cannot be downloaded again. Another one needs a new request.
fetch-close = Make sure that it was stored before you close this page.
fetch-button = Download the file
