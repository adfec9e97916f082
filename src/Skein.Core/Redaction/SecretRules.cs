using System.Text.RegularExpressions;

namespace Skein.Core.Redaction;

/// <summary>
/// The rules there are. Each is published in <c>docs/redaction.md</c> and has its cases in the tests: what it must take out and what it
/// must leave. Every repetition is bounded, and none can match the same text in two ways, so that no text makes a rule slow.
/// </summary>
internal static partial class SecretRules
{
    /// <summary>The kind of what stands in the server's environment.</summary>
    public const string Environment = "environment";

    public static IReadOnlyList<SecretRule> All { get; } =
    [
        Token("anthropic-key", AnthropicKey(), "sk-ant-"),
        Token("openrouter-key", OpenRouterKey(), "sk-or-"),
        Token("openai-key", OpenAiKey(), "sk-"),
        Token("google-key", GoogleKey(), "AIza"),
        Token("google-token", GoogleToken(), "ya29.", "GOCSPX-"),
        Token("xai-key", XaiKey(), "xai-"),
        Token("groq-key", GroqKey(), "gsk_"),
        Token("huggingface-token", HuggingFaceToken(), "hf_"),
        Token("replicate-token", ReplicateToken(), "r8_"),
        Token("perplexity-key", PerplexityKey(), "pplx-"),
        Token("nvidia-key", NvidiaKey(), "nvapi-"),

        new ShapeRule("aws-key-id", ["AKIA", "ASIA"], AwsKeyId(), SecretLook.Varied),
        new ShapeRule(
            "aws-secret-key", ["secret_access_key", "SECRET_ACCESS_KEY", "ecretAccessKey", "secret-access-key", "aws_secret_key", "AWS_SECRET_KEY"],
            AwsSecretKey(), SecretLook.Made, Assigned(), TokenStart.Anywhere),
        new ShapeRule(
            "aws-session-token", ["aws_session_token", "AWS_SESSION_TOKEN", "essionToken"],
            AwsSessionToken(), SecretLook.Made, Assigned(), TokenStart.Anywhere),
        new ShapeRule("azure-key", ["AccountKey=", "SharedAccessKey="], AzureKey(), SecretLook.Made, AzureKeyBefore(), TokenStart.Anywhere),
        new ShapeRule("azure-sas", ["sig="], AzureSignature(), SecretLook.Made, AzureSignatureBefore()),

        Token("github-token", GitHubToken(), "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        Token("gitlab-token", GitLabToken(), "glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glimt-", "glagent-", "glsoat-", "glffct-"),
        Token("slack-token", SlackToken(), "xox", "xapp-"),
        new ShapeRule("slack-webhook", ["hooks.slack.com/"], SlackWebhook(), SecretLook.Made, SlackWebhookBefore(), TokenStart.Anywhere),
        new ShapeRule("discord-webhook", ["/api/webhooks/"], DiscordWebhook(), SecretLook.Made, DiscordWebhookBefore(), TokenStart.Anywhere),
        Token("npm-token", NpmToken(), "npm_"),
        Token("pypi-token", PyPiToken(), "pypi-"),
        Token("stripe-key", StripeKey(), "sk_live_", "rk_live_", "sk_test_", "rk_test_", "whsec_"),
        Token("sendgrid-key", SendGridKey(), "SG."),
        Token("twilio-key", TwilioKey(), [.. "0123456789abcdef".Select(c => $"SK{c}")]),
        Token("age-key", AgeKey(), "AGE-SECRET-KEY-1"),
        new ShapeRule("jwt", ["eyJ"], JsonWebToken(), SecretLook.Made, Starts: TokenStart.AfterNoTokenCharacter),

        new PrivateKeyRule(),
        new ShapeRule("url-password", ["://"], UrlPassword(), SecretLook.Password, UrlPasswordBefore(), TokenStart.Anywhere),
        new ShapeRule("authorization", ["uthorization", "UTHORIZATION"], Credentials(), SecretLook.MadeShort, CredentialsBefore(), TokenStart.Anywhere),
        new ShapeRule(
            "authorization", ["x-api-key", "X-Api-Key", "X-API-Key", "X-API-KEY"], ApiKeyHeader(), SecretLook.Made, Assigned(), TokenStart.Anywhere),
    ];

    private static ShapeRule Token(string kind, Regex shape, params IReadOnlyList<string> anchors) => new(kind, anchors, shape, SecretLook.Made);

    [GeneratedRegex(@"\Gsk-ant-[A-Za-z0-9_-]{20,512}")]
    private static partial Regex AnthropicKey();

    [GeneratedRegex(@"\Gsk-or-(?:v[0-9]{1,2}-)?[A-Za-z0-9]{20,512}")]
    private static partial Regex OpenRouterKey();

    // Without a second prefix only a long run counts: sk-learn, sk-fading-circle and the like are everywhere.
    [GeneratedRegex(@"\Gsk-(?:(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,512}|[A-Za-z0-9]{32,512})")]
    private static partial Regex OpenAiKey();

    [GeneratedRegex(@"\GAIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])")]
    private static partial Regex GoogleKey();

    [GeneratedRegex(@"\G(?:ya29\.[A-Za-z0-9_-]{30,2048}|GOCSPX-[A-Za-z0-9_-]{20,64})")]
    private static partial Regex GoogleToken();

    [GeneratedRegex(@"\Gxai-[A-Za-z0-9]{40,512}")]
    private static partial Regex XaiKey();

    [GeneratedRegex(@"\Ggsk_[A-Za-z0-9]{32,512}")]
    private static partial Regex GroqKey();

    [GeneratedRegex(@"\Ghf_[A-Za-z0-9]{30,512}")]
    private static partial Regex HuggingFaceToken();

    [GeneratedRegex(@"\Gr8_[A-Za-z0-9]{30,512}")]
    private static partial Regex ReplicateToken();

    [GeneratedRegex(@"\Gpplx-[A-Za-z0-9]{32,512}")]
    private static partial Regex PerplexityKey();

    [GeneratedRegex(@"\Gnvapi-[A-Za-z0-9_-]{40,512}")]
    private static partial Regex NvidiaKey();

    [GeneratedRegex(@"\GA[KS]IA[A-Z0-9]{16}(?![A-Za-z0-9_])")]
    private static partial Regex AwsKeyId();

    // A name, quotes that may be escaped, and = : => > or a blank.
    [GeneratedRegex(@"\G[A-Za-z_-]{8,20}\\?[""']?[ \t]{0,8}(?:=>|:=|[:=>]|(?<=[ \t]))[ \t]{0,8}\\?[""']?")]
    private static partial Regex Assigned();

    [GeneratedRegex(@"\G[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")]
    private static partial Regex AwsSecretKey();

    [GeneratedRegex(@"\G[A-Za-z0-9/+=]{100,4096}")]
    private static partial Regex AwsSessionToken();

    [GeneratedRegex(@"\G(?:AccountKey|SharedAccessKey)=")]
    private static partial Regex AzureKeyBefore();

    [GeneratedRegex(@"\G[A-Za-z0-9/+]{40,128}={0,2}")]
    private static partial Regex AzureKey();

    [GeneratedRegex(@"\Gsig=")]
    private static partial Regex AzureSignatureBefore();

    [GeneratedRegex(@"\G[A-Za-z0-9%/+_-]{40,160}=?")]
    private static partial Regex AzureSignature();

    [GeneratedRegex(@"\G(?:gh[pousr]_|github_pat_)[A-Za-z0-9_]{20,512}")]
    private static partial Regex GitHubToken();

    [GeneratedRegex(@"\Ggl[a-z]{2,5}-[A-Za-z0-9_.-]{20,512}")]
    private static partial Regex GitLabToken();

    [GeneratedRegex(@"\Gx(?:ox[abeoprs][-.]|app-)[A-Za-z0-9.-]{20,512}")]
    private static partial Regex SlackToken();

    [GeneratedRegex(@"\Ghooks\.slack\.com/(?:services|workflows|triggers)/")]
    private static partial Regex SlackWebhookBefore();

    [GeneratedRegex(@"\G[A-Za-z0-9_/-]{20,256}")]
    private static partial Regex SlackWebhook();

    [GeneratedRegex(@"\G/api/webhooks/")]
    private static partial Regex DiscordWebhookBefore();

    [GeneratedRegex(@"\G[0-9]{15,22}/[A-Za-z0-9_-]{40,128}")]
    private static partial Regex DiscordWebhook();

    [GeneratedRegex(@"\Gnpm_[A-Za-z0-9]{30,512}")]
    private static partial Regex NpmToken();

    [GeneratedRegex(@"\Gpypi-[A-Za-z0-9_-]{50,1024}")]
    private static partial Regex PyPiToken();

    [GeneratedRegex(@"\G(?:[sr]k_(?:live|test)_[A-Za-z0-9]{16,512}|whsec_[A-Za-z0-9/+]{24,512}={0,2})")]
    private static partial Regex StripeKey();

    [GeneratedRegex(@"\GSG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,128}")]
    private static partial Regex SendGridKey();

    [GeneratedRegex(@"\GSK[0-9a-f]{32}(?![A-Za-z0-9])")]
    private static partial Regex TwilioKey();

    [GeneratedRegex(@"\GAGE-SECRET-KEY-1[A-Z0-9]{30,128}")]
    private static partial Regex AgeKey();

    // The signature may have been cut off: what stands before it tells names and rights.
    [GeneratedRegex(@"\GeyJ[A-Za-z0-9_-]{8,2048}\.(?:eyJ[A-Za-z0-9_-]{8,8192}(?:\.[A-Za-z0-9_-]{0,2048})?|[A-Za-z0-9_-]{0,1024}\.[A-Za-z0-9_-]{8,64}\.[A-Za-z0-9_-]{8,8192}\.[A-Za-z0-9_-]{8,256})")]
    private static partial Regex JsonWebToken();

    [GeneratedRegex(@"\G://[^\s/?#@:""'<>\\`]{0,128}:")]
    private static partial Regex UrlPasswordBefore();

    // Up to the last '@': there are passwords that hold one.
    [GeneratedRegex(@"\G[^\s/?#""'<>\\`]{1,256}(?=@)")]
    private static partial Regex UrlPassword();

    [GeneratedRegex(@"\G(?:uthorization|UTHORIZATION)\\?[""']?[ \t]{0,4}[:=,][ \t]{0,4}\\?[""']?(?:[Bb]earer|BEARER|[Bb]asic|[Tt]oken|[Bb]ot|[Aa]pi[Kk]ey)[ \t]{1,4}")]
    private static partial Regex CredentialsBefore();

    [GeneratedRegex(@"\G[A-Za-z0-9_.~+/=:-]{8,8192}")]
    private static partial Regex Credentials();

    [GeneratedRegex(@"\G[A-Za-z0-9_.~+/=-]{16,1024}")]
    private static partial Regex ApiKeyHeader();
}
