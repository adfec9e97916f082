using System.Text;
using Skein.Core.Redaction;

namespace Skein.Tests.Core.Redaction;

public sealed class RedactingStreamTests
{
    private const int Window = 2 * (SecretRule.Ahead + SecretRule.Back);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task A_stream_is_redacted_exactly_as_its_whole_text_whatever_pieces_it_comes_in(int seed)
    {
        var made = new Made(seed);
        var (text, secrets) = Mixed(made, 4 * Window);
        var counts = new RedactionCounts();
        var expected = Redactor.RulesOnly.Redact(text, counts);

        var (clean, found) = await ReadAsync(Redactor.RulesOnly, Encoding.UTF8.GetBytes(text), () => 1 + made.Next(20_000));

        Assert.Equal(expected, Encoding.UTF8.GetString(clean));
        Assert.Equal(counts.Total(), found);
        Assert.Equal(secrets.Count, found!.Values.Sum());
        Assert.All(secrets, secret => Assert.DoesNotContain(secret, expected, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_secret_is_found_wherever_the_windows_end()
    {
        var made = new Made(5);
        var token = made.Tokens.First(t => t.Kind == "github-token").Secret;
        var key = made.Pem("RSA PRIVATE KEY", 3200);
        foreach (var secret in new[] { token, key, "postgres://app:" + token + "@h" })
        {
            // Around every place where a window could be left: its end, and what is held back of it.
            foreach (var edge in new[] { Window, Window - SecretRule.Ahead, Window - SecretRule.Back, Window / 2 })
            {
                for (var before = edge - secret.Length - 40; before <= edge + 40; before += Math.Max(1, secret.Length / 37))
                {
                    var text = new string(' ', before) + secret + new string(' ', 2 * Window);

                    var (clean, _) = await ReadAsync(Redactor.RulesOnly, Encoding.ASCII.GetBytes(text), () => Window);

                    Assert.Equal(Redactor.RulesOnly.Redact(text), Encoding.ASCII.GetString(clean));
                }
            }
        }
    }

    [Fact]
    public async Task A_word_is_no_secret_because_a_window_ends_in_it()
    {
        var word = "task-" + new Made(6).Of("abcdef0123456789", 40);
        for (var before = (Window / 2) - word.Length - 2; before < (Window / 2) + 2; before++)
        {
            var bytes = Encoding.ASCII.GetBytes(new string('.', before) + word + new string('.', 2 * Window));

            Assert.Equal(bytes, (await ReadAsync(Redactor.RulesOnly, bytes, () => Window)).Bytes);
        }
    }

    [Fact]
    public async Task Bytes_that_are_no_secret_pass_unchanged_also_where_they_are_no_text()
    {
        var bytes = new byte[(3 * Window) + 17];
        new Random(7).NextBytes(bytes);

        var (clean, found) = await ReadAsync(Redactor.RulesOnly, bytes, () => 4096);

        Assert.Equal(bytes, clean);
        Assert.Null(found);
    }

    [Fact]
    public async Task Secret_upon_secret_without_end_is_redacted_in_bounded_memory()
    {
        var token = new Made(8).Tokens.First(t => t.Kind == "github-token").Secret;
        var chained = string.Concat(Enumerable.Repeat("postgres://a:" + token, 8000));
        var endless = "-----BEGIN PRIVATE KEY-----" + string.Concat(Enumerable.Repeat("\n" + new Made(9).Of("abcABC0123", 64), 5000));

        var (clean, _) = await ReadAsync(Redactor.RulesOnly, Encoding.ASCII.GetBytes(chained), () => 10_000);
        var (cut, _) = await ReadAsync(Redactor.RulesOnly, Encoding.ASCII.GetBytes(endless), () => 10_000);

        Assert.DoesNotContain(token, Encoding.ASCII.GetString(clean), StringComparison.Ordinal);
        Assert.Equal(Redactor.RulesOnly.Redact(endless), Encoding.ASCII.GetString(cut));
    }

    [Fact]
    public async Task A_value_of_the_environment_is_found_as_its_bytes()
    {
        const string Value = "pässwörd-mit-🧶";
        var redactor = Redactor.For([new("APP_SECRET", Value)], []);

        var (clean, found) = await ReadAsync(redactor, Encoding.UTF8.GetBytes($"a {Value} b"), () => 3);

        Assert.Equal("a [redacted: environment] b", Encoding.UTF8.GetString(clean));
        Assert.Equal(1, found!["environment"]);
    }

    [Fact]
    public async Task Nothing_stays_nothing()
    {
        Assert.Empty((await ReadAsync(Redactor.RulesOnly, [], () => 1)).Bytes);
        Assert.Equal("[redacted: jwt]"u8.ToArray(), (await ReadAsync(Redactor.RulesOnly, Encoding.ASCII.GetBytes(new Made(1).Jwt()), () => 1)).Bytes);
    }

    /// <summary>Clean text with secrets strewn in, apart from each other.</summary>
    private static (string Text, IReadOnlyList<string> Secrets) Mixed(Made made, int length)
    {
        var text = new StringBuilder();
        var secrets = new List<string>();
        while (text.Length < length)
        {
            text.Append(made.Clean(made.Next(6000))).Append('\n');
            var tokens = made.Tokens;
            var inContext = made.InContext;
            var pick = made.Next(tokens.Count + inContext.Count);
            var (before, secret, after) = pick < tokens.Count
                ? ("", tokens[pick].Secret, "\n")
                : (inContext[pick - tokens.Count].Before, inContext[pick - tokens.Count].Secret, inContext[pick - tokens.Count].After);
            text.Append(before).Append(secret).Append(after).Append(" . ");
            secrets.Add(secret);
        }

        return (text.ToString(), secrets);
    }

    private static async Task<(byte[] Bytes, IReadOnlyDictionary<string, int>? Found)> ReadAsync(Redactor redactor, byte[] content, Func<int> piece)
    {
        using var pieces = new Pieces(content, piece);
        await using var stream = new RedactingStream(redactor, pieces, Window);
        using var clean = new MemoryStream();
        await stream.CopyToAsync(clean, 1000, Cancellation);
        return (clean.ToArray(), stream.Counts.Total());
    }

    /// <summary>Hands out its content in pieces, as a pipe does.</summary>
    private sealed class Pieces(byte[] content, Func<int> piece) : MemoryStream(content)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            ValueTask.FromResult(Read(buffer.Span[..Math.Min(buffer.Length, piece())]));
    }
}
