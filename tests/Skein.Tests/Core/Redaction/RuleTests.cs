using Skein.Core.Redaction;
using Skein.Tests.House;

namespace Skein.Tests.Core.Redaction;

/// <summary>What each rule must take out, and what it must leave.</summary>
public sealed class RuleTests
{
    private static readonly Made s_made = new(1);

    public static TheoryData<string, string> Tokens => [.. s_made.Tokens];

    public static TheoryData<string, string, string, string> InContext => [.. s_made.InContext];

    [Theory]
    [MemberData(nameof(Tokens))]
    public void A_token_is_taken_out_and_nothing_else(string kind, string token)
    {
        var mark = Redactor.Mark(kind);

        Assert.Equal(mark, Redact(token));
        Assert.Equal($"a {mark} b", Redact($"a {token} b"));
        Assert.Equal($"KEY={mark}\nX=1", Redact($"KEY={token}\nX=1"));
        Assert.Equal($"KEY=\"{mark}\";{mark},", Redact($"KEY=\"{token}\";{token},"));
        Assert.Equal($"{{\\\"k\\\":\\\"{mark}\\\"}}", Redact($"{{\\\"k\\\":\\\"{token}\\\"}}"));
        Assert.Equal($"one\\n{mark}\\n", Redact($"one\\n{token}\\n"));
        Assert.Equal($"?token%3D{mark}&x", Redact($"?token%3D{token}&x"));
        Assert.Equal($"\u001b[1;32m{mark}\u001b[0m", Redact($"\u001b[1;32m{token}\u001b[0m"));
    }

    [Theory]
    [MemberData(nameof(InContext))]
    public void A_secret_that_its_surroundings_give_away_is_taken_out_and_they_stay(string kind, string before, string secret, string after) =>
        Assert.Equal($"{before}{Redactor.Mark(kind)}{after}", Redact(before + secret + after));

    [Theory]
    [MemberData(nameof(InContext))]
    public void What_was_redacted_is_left_when_it_is_seen_again(string kind, string before, string secret, string after)
    {
        var once = Redact(before + secret + after);

        Assert.Contains(kind, once, StringComparison.Ordinal);
        Assert.Same(once, Redact(once));
    }

    [Theory]
    // Sums, hashes, ids and pictures.
    [InlineData("3f786850e387550fdab836ed7e6dc881de23001b")]
    [InlineData("commit 3f786850e387550fdab836ed7e6dc881de23001b (HEAD -> task-3f786850e387550fdab836ed7e6dc881de23001b)")]
    [InlineData("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a.txt")]
    [InlineData("sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")]
    [InlineData("123e4567-e89b-12d3-a456-426614174000")]
    [InlineData("data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")]
    // Code and names that begin like a key.
    [InlineData("pip install sk-learn scikit-learn sk-video")]
    [InlineData(".sk-fading-circle .sk-circle12:before { }")]
    [InlineData("sk-proj-of-the-very-long-name-that-somebody-chose")]
    [InlineData("the-disk-0123456789abcdef0123456789abcdef0123456789abcdef")]
    [InlineData("npm_config_registry npm_lifecycle_event npm_package_dependencies_typescript")]
    [InlineData("from huggingface_hub import hf_hub_download; hf_hub_download_with_a_long_name_indeed()")]
    [InlineData("ghp_is_a_prefix_of_github_and_ghs_another_one")]
    [InlineData("pypi-some-package-with-a-name-that-is-longer-than-any-other-package")]
    [InlineData("SKU SK12 SKIP TASK1234567890abcdef1234567890abcdef")]
    [InlineData("AKIA is a prefix; AKIAXXXXXXXXXXXXXXXX a placeholder; AKIA1234 too short")]
    [InlineData("AIza")]
    [InlineData("eyJ is how JSON begins in base64: eyJhIjoxfQ== or eyJhIjoxfQ.")]
    [InlineData("SG.short.thing and SG.1")]
    [InlineData("key: value, password: hunter2, token = next_token()")]
    [InlineData("secret_access_key = os.environ['AWS_SECRET_ACCESS_KEY']")]
    [InlineData("aws_secret_access_key = <your secret key>")]
    [InlineData("const sig=require('sig'); sigma=1; config=abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz1")]
    // Placeholders.
    [InlineData("sk-... sk-ant-... ghp_... xoxb-...")]
    [InlineData("ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx glpat-XXXXXXXXXXXXXXXXXXXX")]
    [InlineData("Authorization: Bearer <token>")]
    [InlineData("Authorization: Bearer $TOKEN")]
    [InlineData("-H \"Authorization: Bearer ${GITHUB_TOKEN}\"")]
    [InlineData("Authorization: Bearer {token}")]
    [InlineData("Authorization: Bearer YOUR_API_KEY")]
    [InlineData("Authorization: Basic authentication is what it is called")]
    [InlineData("x-api-key: $ANTHROPIC_API_KEY")]
    [InlineData("postgres://user:password@localhost/db mysql://root:$PASS@h amqp://u:${PASS}@h http://u:%s@h http://u:****@h http://u:<pass>@h")]
    // URLs without a password.
    [InlineData("https://example.com:8080/a@b?c=d:e@f http://localhost:3000 git@github.com:a/b.git ssh://git@host:22/x http://[::1]:80/@")]
    [InlineData("mailto:a@b.example https://a.example/@scope/package@1.0")]
    // Keys that are public.
    [InlineData("-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA\n-----END PUBLIC KEY-----")]
    [InlineData("-----BEGIN CERTIFICATE-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA\n-----END CERTIFICATE-----")]
    [InlineData("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl a@b")]
    public void What_is_no_secret_stays(string text) => Assert.Same(text, Redact(text));

    [Fact]
    public void An_example_that_looks_real_is_taken_out() =>
        Assert.Equal("id [redacted: aws-key-id]", Redact("id AKIA" + "IOSFODNN7EXAMPLE"));

    [Theory]
    [InlineData("   12\t", "\n")]
    [InlineData("id_rsa:3:", "\n")]
    [InlineData("+", "\n")]
    [InlineData("> ", "\r\n")]
    public void A_private_key_is_taken_out_whatever_stands_before_its_lines(string prefix, string lineEnd)
    {
        var lines = s_made.Pem("RSA PRIVATE KEY", 1600).Split('\n');
        var text = string.Join(lineEnd, lines.Select(line => prefix + line));

        Assert.Equal($"{prefix}[redacted: private-key]{lineEnd}next", Redact(text + lineEnd + "next"));
    }

    [Fact]
    public void A_private_key_that_is_cut_at_its_end_is_taken_out_as_far_as_it_goes()
    {
        var key = s_made.Pem("EC PRIVATE KEY", 640);
        var cut = key[..(key.Length / 2)];

        Assert.Equal("[redacted: private-key]\n[… cut]", Redact(cut + "\n[… cut]"));
        Assert.Equal("[redacted: private-key]", Redact(cut.Replace("\n", "\\n", StringComparison.Ordinal)));
        Assert.Equal("[redacted: private-key]", Redact("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,AB12\n\n" + s_made.Of("abc7+/", 64)));
        Assert.Equal(
            "[redacted: private-key]\n-----BEGIN CERTIFICATE-----", Redact(cut + "\n-----BEGIN CERTIFICATE-----"));
    }

    [Theory]
    [InlineData("", "\n")]
    [InlineData("  7\t", "\n")]
    [InlineData("", "\\n")]
    public void A_private_key_that_is_cut_at_its_beginning_is_taken_out(string prefix, string lineEnd)
    {
        var tail = s_made.Pem("RSA PRIVATE KEY", 1610).Split('\n')[9..];

        var clean = Redact("A sentence about it.\n" + string.Join(lineEnd, tail.Select(line => prefix + line)) + "\nnext");

        Assert.Matches(@"^A sentence about it\.\n[ 0-9\t]*\[redacted: private-key\]\nnext$", clean);
    }

    [Fact]
    public void Secrets_that_overlap_become_one()
    {
        var token = s_made.Tokens.First(t => t.Kind == "github-token").Secret;

        Assert.Equal("https://x:[redacted: url-password]@github.com/a", Redact($"https://x:{token}@github.com/a").Replace("github-token", "url-password", StringComparison.Ordinal));
        Assert.Equal("[redacted: github-token][redacted: github-token]", Redact($"{token}%20{token}").Replace("%20", "", StringComparison.Ordinal));
    }

    [Fact]
    public void The_page_of_rules_lists_exactly_the_kinds_there_are()
    {
        var published = Repository.Read("docs/redaction.md").Split("## The rules")[1].Split("\n## ")[0].Split('\n')
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(line => line.Split('`')[1]);

        Assert.Equal([.. SecretRules.All.Select(r => r.Kind).Distinct(), SecretRules.Environment], published);
    }

    [Fact]
    public void Every_rule_has_its_cases() =>
        Assert.Empty(SecretRules.All.Select(r => r.Kind).Except(s_made.Tokens.Select(t => t.Kind)).Except(s_made.InContext.Select(c => c.Kind)));

    [Fact]
    public void Every_anchor_is_long_enough_to_be_found_fast() =>
        Assert.All(SecretRules.All.SelectMany(r => r.Anchors), anchor => Assert.InRange(anchor.Length, 3, SecretRule.Back));

    private static string Redact(string text) => Redactor.RulesOnly.Redact(text);
}
