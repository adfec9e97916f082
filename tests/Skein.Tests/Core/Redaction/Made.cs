namespace Skein.Tests.Core.Redaction;

/// <summary>Secrets of every kind, made up: the same for the same seed. Written in pieces, so that nobody takes this file for a leak.</summary>
internal sealed class Made(int seed)
{
    private const string Lower = "abcdefghijklmnopqrstuvwxyz";
    private const string Digits = "0123456789";
    private const string Letters = Lower + "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + Digits;
    private const string Url = Letters + "-_";
    private const string Base64 = Letters + "+/";
    private const string Hex = "0123456789abcdef";

    private readonly Random _random = new(seed);

    /// <summary>By kind, in the order of the rules, those that give themselves away.</summary>
    public IReadOnlyList<(string Kind, string Secret)> Tokens =>
    [
        ("anthropic-key", "sk-" + "ant-api03-" + Of(Url, 95)),
        ("openrouter-key", "sk-" + "or-v1-" + Of(Hex, 64)),
        ("openai-key", "sk-" + "proj-" + Of(Url, 120)),
        ("openai-key", "sk-" + Of(Letters, 48)),
        ("google-key", "AI" + "za" + Of(Url, 35)),
        ("google-token", "ya" + "29." + Of(Url, 150)),
        ("google-token", "GOC" + "SPX-" + Of(Url, 28)),
        ("xai-key", "xa" + "i-" + Of(Letters, 80)),
        ("groq-key", "gs" + "k_" + Of(Letters, 52)),
        ("huggingface-token", "h" + "f_" + Of(Letters, 34)),
        ("replicate-token", "r" + "8_" + Of(Letters, 37)),
        ("perplexity-key", "pp" + "lx-" + Of(Letters, 48)),
        ("nvidia-key", "nv" + "api-" + Of(Url, 64)),
        ("aws-key-id", "AK" + "IA" + Of("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)),
        ("aws-key-id", "AS" + "IA" + Of("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)),
        ("github-token", "gh" + "p_" + Of(Letters, 36)),
        ("github-token", "gh" + "o_" + Of(Letters, 36)),
        ("github-token", "gh" + "u_" + Of(Letters, 36)),
        ("github-token", "gh" + "s_" + Of(Letters, 36)),
        ("github-token", "gh" + "r_" + Of(Letters, 76)),
        ("github-token", "github" + "_pat_" + Of(Letters, 22) + "_" + Of(Letters, 59)),
        ("gitlab-token", "gl" + "pat-" + Of(Url, 20)),
        ("gitlab-token", "gl" + "rt-" + Of(Url, 20)),
        ("slack-token", "xo" + "xb-" + Of(Digits, 12) + "-" + Of(Digits, 13) + "-" + Of(Letters, 24)),
        ("slack-token", "xa" + "pp-1-" + Of("ABCDEFGH" + Digits, 11) + "-" + Of(Digits, 13) + "-" + Of(Hex, 64)),
        ("npm-token", "np" + "m_" + Of(Letters, 36)),
        ("pypi-token", "py" + "pi-AgEIcHlwaS5vcmc" + Of(Url, 140)),
        ("stripe-key", "sk" + "_live_" + Of(Letters, 24)),
        ("stripe-key", "rk" + "_live_" + Of(Letters, 99)),
        ("stripe-key", "wh" + "sec_" + Of(Letters, 32)),
        ("sendgrid-key", "SG" + "." + Of(Url, 22) + "." + Of(Url, 43)),
        ("twilio-key", "S" + "K" + Of(Hex, 32)),
        ("age-key", "AGE-SECRET" + "-KEY-1" + Of("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58)),
        ("jwt", Jwt()),
        ("private-key", Pem("RSA PRIVATE KEY", 1600)),
        ("private-key", Pem("PRIVATE KEY", 1200)),
        ("private-key", Pem("OPENSSH PRIVATE KEY", 400)),
        ("private-key", Pem("EC PRIVATE KEY", 160).Replace("\n", "\\n", StringComparison.Ordinal)),
        ("private-key", Pem("PGP PRIVATE KEY BLOCK", 3000)),
    ];

    /// <summary>Those that only their surroundings give away: what stands before and after the secret.</summary>
    public IReadOnlyList<(string Kind, string Before, string Secret, string After)> InContext =>
    [
        ("aws-secret-key", "aws_secret_access_key = ", Of(Base64, 40), "\n"),
        ("aws-secret-key", "export AWS_SECRET_ACCESS_KEY=\"", Of(Base64, 40), "\""),
        ("aws-secret-key", "{\\\"SecretAccessKey\\\": \\\"", Of(Base64, 40), "\\\"}"),
        ("aws-secret-key", "<SecretAccessKey>", Of(Base64, 40), "</SecretAccessKey>"),
        ("aws-session-token", "\"SessionToken\": \"", Of(Base64, 300), "\""),
        ("azure-key", "DefaultEndpointsProtocol=https;AccountName=a;Account" + "Key=", Of(Base64, 86) + "==", ";EndpointSuffix=x"),
        ("azure-key", "Endpoint=sb://x.example/;SharedAccess" + "Key=", Of(Base64, 43) + "=", ";"),
        ("azure-sas", "https://a.example/c?sv=2024&se=2030&s" + "ig=", Of(Letters, 40) + "%3D", "&sp=r"),
        ("slack-webhook", "https://hooks.slack.com/serv" + "ices/", "T" + Of(Letters, 10) + "/B" + Of(Letters, 10) + "/" + Of(Letters, 24), "\n"),
        ("discord-webhook", "https://discord.example/api/web" + "hooks/", "1" + Of(Digits, 18) + "/" + Of(Url, 68), " "),
        ("url-password", "postgres://app:", Of(Letters + "!~%+", 14), "@db.example:5432/app"),
        ("url-password", "redis://:", "p" + Of(Lower, 9), "@cache"),
        ("url-password", "git+https://x-access-token:", Of(Letters, 20) + "@" + Of(Letters, 6), "@github.example/a"),
        ("authorization", "> Authorization: Bearer ", Of(Url, 43), "\r\n"),
        ("authorization", "{\"authorization\": \"Basic ", Of(Base64, 24) + "==", "\"}"),
        ("authorization", "curl -H 'X-Api-Key: ", Of(Url, 32), "' https://a.example"),
    ];

    public string Of(string characters, int length) => string.Create(length, (_random, characters), static (span, from) =>
        from._random.GetItems(from.characters.AsSpan(), span));

    public string Pem(string type, int length) =>
        $"-----BEGIN {type}-----\n{string.Join('\n', Of(Base64, length).Chunk(64).Select(line => new string(line)))}\n-----END {type}-----";

    public string Jwt() => "ey" + "J" + Of(Url, 33) + ".ey" + "J" + Of(Url, 80) + "." + Of(Url, 43);

    /// <summary>A text of words, numbers, hashes and URLs, without a secret.</summary>
    public string Clean(int length)
    {
        string[] words = ["task-list", "sk-learn", "the", "https://example.com:8080/a?b=c@d", "key:", "value;", "\n", "ok\r\n", "ünï", "🧶", "=>", "Bearer", "eyJ", "AKIA", "://", "-----BEGIN CERTIFICATE-----"];
        var text = new System.Text.StringBuilder();
        while (text.Length < length)
            text.Append(_random.Next(6) == 0 ? Of(Hex, 40) : words[_random.Next(words.Length)]).Append(' ');
        return text.ToString();
    }

    public int Next(int most) => _random.Next(most);
}
