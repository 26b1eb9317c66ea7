### 鍵の受け渡し(センターで作った鍵)

request-delivery = 鍵の受け渡しへ進む
delivery-title = 鍵の受け渡し({ $number })
delivery-steps-label = 受け渡しの進み具合
delivery-step-pin = PINの表示
delivery-step-file = ファイルの受け取り

delivery-too-early = 証明書はまだ発行されていません。発行されると、ここから鍵を受け渡せます。
delivery-ready = 証明書と秘密鍵を1つのファイルにまとめ、PINで封をします。PINとファイルは、別々の方法で利用者に渡してください。
delivery-packed = PINは表示しました。次は、ファイルを受け取ります。
delivery-fetched = ファイルは受け取り済みです。センターには秘密鍵もPINも残っていません。届かなかったときや失くしたときは、この証明書を失効し、新しく申請してください。
delivery-closed = センターの鍵の保管庫が開いていないため、いまは受け渡せません。鍵は保管されています。センターに申請番号を知らせてください。
delivery-over-request-ended = この申請では証明書を発行しなかったため、秘密鍵を消去しました。
delivery-over-not-packed = 発行から30日以内にPINが作られなかったため、秘密鍵を消去しました。この証明書を失効し、新しく申請してください。
delivery-over-not-fetched = 期限までにファイルが受け取られなかったため、消去しました。この証明書を失効し、新しく申請してください。
delivery-over-revoked = 証明書が失効しているため、秘密鍵を消去しました。必要なときは新しく申請してください。
delivery-by = 操作した人と日時
delivery-who-and-when = { $name }({ $when })
delivery-until = ファイルを受け取れる期限
delivery-new-request = 新しく申請する
delivery-back = 申請の画面に戻る

delivery-pin-title = PINを作って表示する
delivery-pin-once = PINを表示するのは、この1回だけです。あとからもう一度見ることはできません。
delivery-pin-printer = 先にプリンターを用意し、表示されたらすぐに印刷してください。
delivery-pin-clock = 表示してから72時間以内にファイルを受け取ってください。過ぎるとファイルを消去します。もう一度作るには新しい申請が必要です。
delivery-pin-button = PINを作って表示する
delivery-legacy = 古い機器向けの形式(3DES)にする
delivery-legacy-hint = 古い複合機などで通常のファイルを読み込めないときだけ選びます。封の強さが下がります。

delivery-link-title = 受け取り用のリンクを作る
delivery-link-lead = ファイルを1回だけ受け取れるリンクを作ります。開けるのは、同じ団体で申請の権限がある人です。
delivery-link-again = リンクは一度作られています。作り直すと、前のリンクは使えなくなります。
delivery-link-button = リンクを作る

slip-title = PIN通知書
slip-now = この画面を閉じると、PINは二度と表示されません。いますぐ印刷してください(Ctrl+P)。
slip-to = { $name } 様
slip-lead = 証明書のファイルを開くためのPINをお知らせします。
slip-spaces = 数字20桁です。間の空白は入力しません。
slip-number = 申請番号
slip-subject = 証明書の名前
slip-serial = シリアル番号
slip-made = PINを作った人と日時
slip-what-to-do = 使い方
slip-do-file = 証明書のファイル(拡張子 .p12)を、この通知書とは別の方法で受け取ります。
slip-do-type = ファイルを取り込むときにPINを求められたら、上の数字を入力します。
slip-do-check = 取り込めたことを確かめたら、ファイルの写しを消します。
slip-destroy = 取り込みが終わったら、この通知書を裁断してください。ファイルと一緒に保管したり、写真に撮ったりしないでください。
slip-next = 印刷したので、ファイルの受け取りへ進む

link-title = 受け取り用のリンク({ $number })
link-lead = ファイルを受け取る人に、このリンクを伝えてください。PIN通知書とは別の方法で渡します。
link-label = リンク
link-hint = 使えるのは1回だけ、{ $until }までです。開けるのは、同じ団体で申請の権限がある人です。
link-open = 自分で受け取る
link-copy = リンクをコピーする
link-copied = リンクをコピーしました
link-apart = PINとリンクを同じメールに書かないでください。片方だけでは開けないことが、鍵を守ります。
link-back = 受け渡しの画面に戻る

fetch-title = 証明書のファイルを受け取る
fetch-lead = 証明書と秘密鍵の入ったファイルを、この端末に保存します。
fetch-organisation = 団体
fetch-once = 受け取れるのは1回だけです。受け取ると、センターからは消去されます。
fetch-lost = 途中で通信が切れても、もう一度は受け取れません。もう一度作るには新しい申請が必要です。
fetch-close = 保存されたことを確かめてから、この画面を閉じてください。
fetch-button = ファイルを受け取る
