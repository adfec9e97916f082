using System.Text.Json;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Redaction;

namespace Skein.Tests.Core.Redaction;

public sealed class RedactorTests
{
    private static readonly IdSource s_ids = new(TimeProvider.System);
    private static readonly string s_token = new Made(1).Tokens.First(t => t.Kind == "github-token").Secret;

    [Theory]
    [InlineData("APP_API_KEY", "a1b2c3d4e5f6")]
    [InlineData("db_password", "correct horse battery staple")]
    [InlineData("DBPASSWORD", "hunter22")]
    [InlineData("SERVICE_TOKEN_2", "/Zk1Qx7/Aa9Bb8Cc7Dd6Ee5Ff4Gg")]
    [InlineData("STRIPE.SECRET", "quiteALongPassphraseOfLettersOnly")]
    [InlineData("AWS_CREDENTIALS", "{\"a\":\"b\\c\"}")]
    [InlineData("WEBHOOK_AUTH_TOKEN", "https://a.example/x?code=17")]
    public void A_value_of_the_environment_that_is_secret_by_its_name_is_taken_out(string name, string value)
    {
        var redactor = Redactor.For([new(name, value), new("HOME", "/home/a")], []);

        Assert.Equal("x[redacted: environment]y", redactor.Redact($"x{value}y"));
        Assert.Equal("x[redacted: environment]y", redactor.Redact($"x{JsonEncodedText.Encode(value, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}y"));
    }

    [Theory]
    // Not secret by its name.
    [InlineData("EDITOR", "vim-a1b2c3d4")]
    [InlineData("KEYBOARD", "a1b2c3d4e5")]
    [InlineData("MONKEY_TYPE", "a1b2c3d4e5")]
    // Too short, or a common thing.
    [InlineData("API_KEY", "a1b2c3d")]
    [InlineData("API_KEY", "disabled")]
    [InlineData("TOKEN_STORE", "gnome-keyring")]
    [InlineData("SSH_KEY", "/home/somebody/.ssh/id_ed25519")]
    [InlineData("PWD", "/work/projects/one")]
    [InlineData("TOKEN_LIMIT", "1000000000")]
    [InlineData("KEY_DATE", "2026-11-21 08:46")]
    [InlineData("TOKEN_URL", "https://auth.example.com/oauth/token")]
    public void A_value_that_is_no_secret_stays(string name, string value)
    {
        var text = $"x {value} y";

        Assert.Same(text, Redactor.For([new(name, value)], []).Redact(text));
    }

    [Fact]
    public void A_variable_that_the_settings_name_is_secret_whatever_it_is_called()
    {
        var redactor = Redactor.For([new("GOOSE", "disabled")], ["GOOSE"]);

        Assert.Equal("[redacted: environment]", redactor.Redact("disabled"));
    }

    [Fact]
    public void Off_leaves_everything()
    {
        Assert.Same(s_token, Redactor.Off.Redact(s_token));
        var part = new ToolResultPart("c", s_token);
        Assert.Same(part, EventRedaction.Redact(Redactor.Off, part));
    }

    [Fact]
    public void Arguments_are_redacted_in_every_string_and_name_and_otherwise_stay()
    {
        var arguments = JsonElement.Parse($$"""{"n":1.50,"a":["{{s_token}}",{"{{s_token}}":null,"x":"é\n"}],"secretAccessKey":"{{new string('a', 20)}}B1{{new string('/', 10)}}cdefghIJ"}""");

        var call = Assert.IsType<ToolCallPart>(EventRedaction.Redact(Redactor.RulesOnly, new ToolCallPart("c", "t", arguments)));

        Assert.Equal(
            """{"n":1.50,"a":["[redacted: github-token]",{"[redacted: github-token]":null,"x":"é\n"}],"secretAccessKey":"[redacted: aws-secret-key]"}""",
            call.Arguments.GetRawText());
        Assert.Equal([new("aws-secret-key", 1), new("github-token", 2)], call.Redacted!);
    }

    [Fact]
    public void Arguments_that_are_no_JSON_are_redacted_as_text()
    {
        var call = (ToolCallPart)EventRedaction.Redact(Redactor.RulesOnly, new ToolCallPart("c", "t", JsonSerializer.SerializeToElement($"{{\"k\": \"{s_token}")));

        Assert.Equal("{\"k\": \"[redacted: github-token]", call.Arguments.GetString());
    }

    [Fact]
    public void What_is_counted_already_is_counted_on()
    {
        var part = new ToolResultPart("c", $"[redacted: jwt] {s_token}", Redacted: new Dictionary<string, int> { ["jwt"] = 1, ["github-token"] = 1 });

        var once = (ToolResultPart)EventRedaction.Redact(Redactor.RulesOnly, part);

        Assert.Equal([new("github-token", 2), new("jwt", 1)], once.Redacted!);
        Assert.Equal(once, EventRedaction.Redact(Redactor.RulesOnly, once));
    }

    [Fact]
    public void Of_every_event_what_tools_are_given_and_print_is_redacted_and_what_people_and_models_say_is_not()
    {
        var (message, part, turn) = (s_ids.Next<MessageId>(), s_ids.Next<PartId>(), s_ids.Next<TurnId>());
        var said = new MessagePart(part, new TextPart(s_token));
        var metadata = JsonElement.Parse($$"""{"url":"{{s_token}}"}""");
        EventBody[] touched =
        [
            new PartAdded(message, part, new ToolResultPart("c", s_token, Whole: new BlobRef("", 1, "text/plain", s_token, s_token))),
            new MessageAdded(message, Role.Tool, MessageStatus.Completed, 1, [new MessagePart(part, new ToolResultPart("c", s_token))]),
            new MessageEdited(message, [new MessagePart(part, new ToolCallPart("c", "t", metadata))]),
            new ToolStarted(message, "c", "t", s_token),
            new ToolFinished(message, "c", false, 1, metadata),
            new PermissionAsked(s_ids.Next<PermissionId>(), turn, "c", "t", s_token, s_token, $"{s_token} *"),
            new ModelRetried(turn, 1, 1, FailureKind.Auth, s_token),
            new PartDropped(message, part, s_token),
            new TurnFailed(turn, FailureKind.Auth, null, s_token),
        ];
        EventBody[] untouched =
        [
            new MessageAdded(message, Role.User, MessageStatus.Completed, 1, [said]),
            new PromptQueued(turn, message, [said]),
            new PartAdded(message, part, new TextPart(s_token)),
            new PartAdded(message, part, new ReasoningPart(s_token)),
            new PartStreamed(message, part, StreamKind.Text, 0, s_token),
            new ToolStarted(message, "c", "t", "clean"),
            new PermissionAsked(s_ids.Next<PermissionId>(), turn, "c", "t", "clean", null, "clean *"),
        ];

        Assert.All(Redactor.RulesOnly.Redact(touched), body => Assert.DoesNotContain(s_token, Line(body), StringComparison.Ordinal));
        Assert.Equal(untouched.Select(Line), Redactor.RulesOnly.Redact(untouched).Select(Line));
    }

    [Theory]
    [InlineData("text/plain; charset=utf-8", true)]
    [InlineData("application/json", true)]
    [InlineData("application/octet-stream", true)]
    [InlineData("image/svg+xml", true)]
    [InlineData("Image/PNG", false)]
    [InlineData("application/pdf", false)]
    public void Content_is_looked_at_where_it_may_hold_text(string mediaType, bool may) => Assert.Equal(may, Redactor.MayHoldText(mediaType));

    // Would take minutes if a rule looked at the same text again and again.
    [Theory]
    [InlineData("eyJ")]
    [InlineData("eyJabcdefghi.")]
    [InlineData("eyJabcdefghi-eyJ")]
    [InlineData("sk-proj-")]
    [InlineData("://a:")]
    [InlineData("://")]
    [InlineData("-----BEGIN PRIVATE KEY-----")]
    [InlineData("-----END PRIVATE KEY-----")]
    [InlineData("-----BEGIN PRIVATE KEY-----\n-----END X")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n-----END PRIVATE KEY-----\n")]
    [InlineData("Authorization: Bearer ")]
    [InlineData("glpat-")]
    public void No_text_is_slow(string piece)
    {
        var text = string.Concat(Enumerable.Repeat(piece, (1 << 20) / piece.Length));

        Assert.NotNull(Redactor.RulesOnly.Redact(text));
    }

    private static string Line(EventBody body) => JsonSerializer.Serialize(body, SkeinJson.Relaxed.GetTypeInfo(body.GetType())!);
}
