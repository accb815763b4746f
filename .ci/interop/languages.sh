# shellcheck shell=bash
# Mail libraries of programming languages that hand their mail to sendmail.

# ---- PHP ---------------------------------------------------------------------------------------------------------

# Calls 'sh -c "sendmail -t -i -fbounces@site.example"'.
case_php_mail() {
  need php
  start_sink && configure
  run php -d sendmail_path="$sendmail -t -i" -r '
    $ok = mail("ben@site.example, Cleo <cleo@other.example>", "From PHP", str_replace("\n", "\r\n", $argv[1]),
      "From: anna@site.example\r\nBcc: dora@site.example", "-fbounces@site.example");
    exit($ok ? 0 : 1);
  ' "$text"
  arrived bounces@site.example ben@site.example cleo@other.example dora@site.example
  has_line 1 'Subject: From PHP' && has_text 1 "$text"
}

case_php_mail_failure() {
  need php
  port=1 && configure
  php -d sendmail_path="$sendmail -t -i" -r 'exit(mail("", "nobody", "text") ? 0 : 1);' >"$work/out" 2>&1 &&
    fail 'mail() without a recipient returned true'
  return 0
}

# The libraries want these modules, which are there but not switched on.
php_modules() {
  local module
  for module in mbstring intl; do
    php -m | grep -qx $module || printf '%s\n' "-dextension=$module"
  done
}

phpmailer_sends() { # METHOD
  need php
  need_file /usr/share/php/libphp-phpmailer/autoload.php
  start_sink && configure
  # the modules are words of ours
  run php $(php_modules) -d sendmail_path='/usr/sbin/sendmail -t -i' -r '
    require "libphp-phpmailer/autoload.php";
    $mail = new PHPMailer\PHPMailer\PHPMailer(true);
    $mail->{$argv[1]}();
    $mail->setFrom("anna@site.example", "Anna");
    $mail->Sender = "bounces@site.example";
    $mail->addAddress("ben@site.example");
    $mail->addCC("cleo@other.example");
    $mail->addBCC("dora@site.example");
    $mail->Subject = "From PHPMailer";
    $mail->Body = $argv[2];
    $mail->send();
  ' "$1" "$text"
  arrived bounces@site.example ben@site.example cleo@other.example dora@site.example
  has_line 1 'Subject: From PHPMailer' && has_text 1 "$text"
}

# Calls "sendmail -t -i -oi -fSENDER -t": what PHP would run, and its own words.
site_phpmailer_sendmail() { phpmailer_sends isSendmail; }

# Calls mail() with -fSENDER.
site_phpmailer_mail() { phpmailer_sends isMail; }

symfony_sends() { # COMMAND
  need php
  need_file /usr/share/php/Symfony/Component/Mailer/autoload.php
  start_sink && configure
  run php $(php_modules) -r '
    require "Symfony/Component/Mailer/autoload.php";
    $header = (new Symfony\Component\Mime\Header\Headers())
      ->addMailboxListHeader("From", ["anna@site.example"])->addPathHeader("Return-Path", "bounces@site.example")
      ->addMailboxListHeader("To", ["ben@site.example"])->addMailboxListHeader("Cc", ["cleo@other.example"])
      ->addMailboxListHeader("Bcc", ["dora@site.example"])->addTextHeader("Subject", "From Symfony");
    $body = new Symfony\Component\Mime\Part\TextPart(str_replace("\n", "\r\n", $argv[2]), "us-ascii", "plain", "8bit");
    $mail = new Symfony\Component\Mime\Message($header, $body);
    $transport = new Symfony\Component\Mailer\Transport\SendmailTransport($argv[1]);
    (new Symfony\Component\Mailer\Mailer($transport))->send($mail);
  ' "$1" "$text"
  arrived bounces@site.example ben@site.example cleo@other.example dora@site.example
  has_line 1 'Subject: From Symfony' && has_text 1 "$text"
}

# The default of Symfony and Laravel: SMTP on standard input.
site_symfony_bs() { symfony_sends '/usr/sbin/sendmail -bs'; }

# Calls "sendmail -i -fSENDER -- RECIPIENT...": -t is taken out when the recipients are known.
site_symfony_t() { symfony_sends '/usr/sbin/sendmail -t -i'; }

# Without -i each line that begins with a dot gets another one, which we take away.
site_symfony_t_dots() { symfony_sends '/usr/sbin/sendmail -t'; }

swiftmailer_sends() { # COMMAND
  need php
  need_file /usr/share/php/Swift/autoload.php
  start_sink && configure
  run php $(php_modules) -d error_reporting='E_ALL & ~E_DEPRECATED' -r '
    require "Swift/autoload.php";
    $mail = (new Swift_Message("From Swift Mailer"))
      ->setFrom("anna@site.example")->setReturnPath("bounces@site.example")
      ->setTo("ben@site.example")->setCc("cleo@other.example")->setBcc("dora@site.example")
      ->setEncoder(new Swift_Mime_ContentEncoder_PlainContentEncoder("8bit", true))
      ->setBody($argv[2]);
    exit((new Swift_Mailer(new Swift_SendmailTransport($argv[1])))->send($mail) === 3 ? 0 : 1);
  ' "$1" "$text"
  arrived bounces@site.example ben@site.example cleo@other.example dora@site.example
  has_line 1 'Subject: From Swift Mailer' && has_text 1 "$text"
}

site_swiftmailer_bs() { swiftmailer_sends '/usr/sbin/sendmail -bs'; }

# Calls "sendmail -t -i -fSENDER" with a Bcc field, for sendmail to take out.
site_swiftmailer_t() { swiftmailer_sends '/usr/sbin/sendmail -t -i'; }

# ---- Perl --------------------------------------------------------------------------------------------------------

# Calls "/usr/lib/sendmail -t -oi -oem -fSENDER".
site_mime_lite() {
  need_file /usr/share/perl5/MIME/Lite.pm
  start_sink && configure
  run perl -MMIME::Lite -e '
    MIME::Lite->new(From => "anna\@site.example", To => "ben\@site.example", Cc => "cleo\@other.example",
      Bcc => "dora\@site.example", Subject => "From MIME::Lite", Encoding => "8bit", Data => $ARGV[0])->send or exit 1;
  ' "$text"
  arrived anna@site.example ben@site.example cleo@other.example dora@site.example
  has_line 1 'Subject: From MIME::Lite' && has_text 1 "$text"
}

# Calls "sendmail -i -f SENDER -- RECIPIENT...", with nobody as the sender too.
email_sender_sends() { # SENDER
  need_file /usr/share/perl5/Email/Sender/Transport/Sendmail.pm
  start_sink && configure
  run perl -MEmail::Sender::Simple=sendmail -MEmail::Sender::Transport::Sendmail -MEmail::Simple -e '
    my ($from, $text) = @ARGV;
    my $mail = Email::Simple->create(body => $text,
      header => [From => "anna\@site.example", To => "ben\@site.example", Subject => "From Email::Sender"]);
    sendmail($mail, { from => $from, to => ["ben\@site.example", "cleo\@other.example"],
      transport => Email::Sender::Transport::Sendmail->new });
  ' "$1" "$text"
  arrived "$1" ben@site.example cleo@other.example
  has_line 1 'Subject: From Email::Sender' && has_text 1 "$text"
}

site_email_sender() { email_sender_sends bounces@site.example; }
site_email_sender_null() { email_sender_sends ''; }

# Calls "sendmail -t"; the lone dot is left out here, as it would end the message.
site_mail_mailer() {
  need_file /usr/share/perl5/Mail/Mailer.pm
  start_sink && configure
  run perl -MMail::Mailer -e '
    my $mail = Mail::Mailer->new("sendmail");
    $mail->open({ From => "anna\@site.example", To => "ben\@site.example", Cc => "cleo\@other.example",
      Bcc => "dora\@site.example", Subject => "From Mail::Mailer" });
    print $mail $ARGV[0];
    $mail->close or exit 1;
  ' "$dotless"
  arrived root@site.example ben@site.example cleo@other.example dora@site.example
  has_line 1 'Subject: From Mail::Mailer' && has_text 1 "$dotless"
}

# ---- others ------------------------------------------------------------------------------------------------------

# Calls "sendmail -i -f SENDER -- RECIPIENT..." through a shell.
site_ruby_mail() {
  need ruby
  need_file /usr/lib/ruby/vendor_ruby/mail.rb
  start_sink && configure
  run ruby -rmail -e '
    mail = Mail.new(from: "Anna <anna@site.example>", to: "ben@site.example", cc: "cleo@other.example",
      bcc: "dora@site.example", subject: "From Ruby", body: ARGV[0])
    mail.smtp_envelope_from = "bounces@site.example"
    mail.delivery_method :sendmail
    mail.deliver!
  ' "$text"
  arrived bounces@site.example ben@site.example cleo@other.example dora@site.example
  has_line 1 'Subject: From Ruby' && has_text 1 "$text"
}

# Calls "sendmail -i -f SENDER RECIPIENT..." and leaves the Bcc field in, for sendmail to take out.
case_nodemailer() {
  start_sink && configure
  run node -e '
    const [path, text] = process.argv.slice(1)
    const transport = require("nodemailer").createTransport({ sendmail: true, path, newline: "unix" })
    const mail = { from: "anna@site.example", to: "ben@site.example", cc: "cleo@other.example",
      bcc: "dora@site.example", subject: "From nodemailer", text }
    transport.sendMail(mail).catch((error) => { console.error(error); process.exitCode = 1 })
  ' "$sendmail" "$text"
  arrived anna@site.example ben@site.example cleo@other.example dora@site.example
  has_line 1 'Subject: From nodemailer' && has_text 1 "$text"
}

# What the documentation of Python shows: "sendmail -t -oi" with the bytes of a message.
case_python() {
  need python3
  start_sink && configure
  run python3 -c '
import sys
from email.message import EmailMessage
from subprocess import run
message = EmailMessage()
message["From"], message["To"] = "anna@site.example", "ben@site.example"
message["Cc"], message["Bcc"] = "cleo@other.example", "dora@site.example"
message["Subject"] = "From Python"
message.set_content(sys.argv[2])
run([sys.argv[1], "-t", "-oi", "-f", "bounces@site.example"], input=message.as_bytes(), check=True)
' "$sendmail" "$text"
  arrived bounces@site.example ben@site.example cleo@other.example dora@site.example
  has_line 1 'Subject: From Python' && has_text 1 "$text"
}
