using Skein.Cli.Commands;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Testing;

namespace Skein.Tests.Cli.Commands;

public sealed class CommandLineTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly StringWriter _out = new();
    private readonly StringWriter _error = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("lss", "skein: There is no command 'lss'; did you mean 'ls'?")]
    [InlineData("atach", "skein: There is no command 'atach'; did you mean 'attach'?")]
    [InlineData("frobnicate", "skein: There is no command 'frobnicate': see 'skein --help'.")]
    [InlineData("--versoin", "skein: 'skein' has no option '--versoin'; did you mean '--version'?")]
    [InlineData("ls --al", "skein: 'skein ls' has no option '--al'; did you mean '--all'?")]
    [InlineData("ls here", "skein: 'skein ls' has no use for 'here': see 'skein ls --help'.")]
    [InlineData("ls --status busy", "skein: --status busy: it must be one of idle, running, waiting, interrupted, error.")]
    [InlineData("ls --limit 1001", "skein: --limit 1001: it must be a number from 1 to 1000.")]
    [InlineData("attach --after -1", "skein: --after -1: it must be a sequence, 0 or more.")]
    [InlineData("run --frob x", "skein: 'skein run' has no option '--frob': see 'skein run --help'. A prompt that begins with '-' comes after '--'.")]
    [InlineData("rename last --frob", "skein: 'skein rename' has no option '--frob': see 'skein rename --help'. A title that begins with '-' comes after '--'.")]
    [InlineData("rewind last -1", "skein: 'skein rewind' has no option '-1': see 'skein rewind --help'.")]
    [InlineData("fork", "skein: 'skein fork' needs SESSION: see 'skein fork --help'.")]
    [InlineData("trash", "skein: 'skein trash' needs SESSION: see 'skein trash --help'.")]
    [InlineData("trash --purge", "skein: 'skein trash' needs SESSION: see 'skein trash --help'.")]
    [InlineData("trash --list last", "skein: 'skein trash --list' goes with no SESSION and not with --purge.")]
    [InlineData("trash --yes last", "skein: 'skein trash --yes' is for --purge: nothing else is asked about.")]
    [InlineData("show ../../etc/passwd", "skein: '../../etc/passwd' cannot name a session: give an id, the start of one, a number of 'skein ls', 'last', or the driven agent's id.")]
    [InlineData("show ses_x;y", "skein: 'ses_x;y' cannot name a session: give an id, the start of one, a number of 'skein ls', 'last', or the driven agent's id.")]
    public async Task Bad_usage_is_told_in_one_line_and_ends_with_2(string line, string told)
    {
        var code = await RunAsync(line.Split(' '));

        Assert.Equal((2, told + "\n", ""), (code, _error.ToString(), _out.ToString()));
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("")]
    [InlineData("ls --help")]
    [InlineData("--version")]
    [InlineData("status")]
    [InlineData("stop")]
    public async Task What_needs_no_server_makes_no_home(string line)
    {
        var code = await RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.Equal(0, code);
        Assert.False(Directory.Exists(Path.Combine(_folder.Path, "home")));
    }

    [Fact]
    public async Task Every_command_explains_itself()
    {
        foreach (var name in CommandTree.Names)
        {
            _out.GetStringBuilder().Clear();

            Assert.Equal(0, await RunAsync(name, "--help"));
            Assert.Contains($" {name} ", _out.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_list_of_commands_has_one_sentence_of_each()
    {
        Assert.Equal(0, await RunAsync("--help"));
        var listed = _out.ToString();
        _out.GetStringBuilder().Clear();
        Assert.Equal(0, await RunAsync("attach", "--help"));

        Assert.Contains("then follow it live, until Ctrl+C.\n", listed, StringComparison.Ordinal);
        Assert.DoesNotContain("[default: ", listed, StringComparison.Ordinal);
        Assert.Contains("Several sessions at once", _out.ToString(), StringComparison.Ordinal);
        Assert.Contains("[default: last]", _out.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ls", "ls", 0)]
    [InlineData("sl", "ls", 1)]
    [InlineData("lss", "ls", 1)]
    [InlineData("show", "stop", 2)]
    [InlineData("", "ls", 2)]
    public void A_guess_counts_what_was_mistyped(string from, string to, int distance)
    {
        Assert.Equal(distance, UsageErrors.Distance(from, to));
    }

    [Fact]
    public void Ids_are_shown_as_short_as_tells_them_apart()
    {
        Assert.Equal(["v3m8zr", "w3m8zr"], SessionName.Shorten(["ses_01kah3q6x9v3m8zr5t0w2y4b6c", "ses_01kah3q6x9w3m8zr5t0w2y4b6c"]));
        Assert.Equal(
            ["v3m8zr5t0w2y4b6c", "v3m8zr5t0w2y4b6d"], SessionName.Shorten(["ses_01kah3q6x9v3m8zr5t0w2y4b6c", "ses_01kah3q6x9v3m8zr5t0w2y4b6d"]));
        Assert.Empty(SessionName.Shorten([]));
    }

    [Theory]
    [InlineData("y", true, PermissionAnswer.Once, null)]
    [InlineData(" Yes ", true, PermissionAnswer.Once, null)]
    [InlineData("a", true, PermissionAnswer.Always, null)]
    [InlineData("n", true, PermissionAnswer.No, null)]
    [InlineData("no, use rm -i", false, PermissionAnswer.No, "use rm -i")]
    [InlineData(null, true, PermissionAnswer.No, null)]
    public void An_answer_is_a_word_and_perhaps_why(string? line, bool canRemember, PermissionAnswer answer, string? why)
    {
        Assert.Equal(new PermissionReply(answer, why), PermissionWords.Parse(line, canRemember));
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("a", false)]
    [InlineData("yes but", true)]
    [InlineData("yep", true)]
    public void What_is_no_answer_allows_nothing(string line, bool canRemember)
    {
        Assert.Null(PermissionWords.Parse(line, canRemember));
    }

    [Fact]
    public async Task A_prompt_is_joined_from_wherever_a_part_of_it_is()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        _folder.Write("p.txt", "\uFEFFfile\r\n");

        Assert.Equal("two words", await Prompt.ReadAsync(Around(""), ["two", "words"], null, cancellationToken));
        Assert.Equal("words\n\nfile\n\npiped", await Prompt.ReadAsync(Around("piped\n"), ["words"], "p.txt", cancellationToken));
        Assert.Equal("piped", await Prompt.ReadAsync(Around("piped\n"), ["-"], null, cancellationToken));
        await Assert.ThrowsAsync<UsageException>(() => Prompt.ReadAsync(Around(" \n"), [" "], null, cancellationToken));
        await Assert.ThrowsAsync<UsageException>(() => Prompt.ReadAsync(Around(""), ["-"], null, cancellationToken));
    }

    [Fact]
    public void The_home_is_where_the_environment_says()
    {
        Assert.Equal("/else/where", Home(("SKEIN_HOME", "/else/where"), ("HOME", "/me")));
        Assert.Equal(Path.Combine(_folder.Path, "here"), Home(("SKEIN_HOME", "here"), ("HOME", "/me")));
        Assert.Equal("/me/.skein", Home(("SKEIN_HOME", ""), ("HOME", "/me")));
    }

    [Theory]
    [InlineData("not JSON")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"pid":"x","version":"1","home":"/","socket":"/s","started_at":"2026-11-21T08:46:22.123Z"}""")]
    public void A_server_file_that_no_server_wrote_is_an_error_that_names_it(string content)
    {
        var file = _folder.Write("home/server.json", content);

        var error = Assert.Throws<HomeException>(() => new SkeinHome(Path.Combine(_folder.Path, "home")).FindServer());

        Assert.Contains(file, error.Message, StringComparison.Ordinal);
    }

    private string Home(params (string Name, string Value)[] variables) => SkeinHome.Of(Around("") with
    {
        Variable = name => variables.FirstOrDefault(v => v.Name == name).Value,
    }).Path;

    private Task<int> RunAsync(params string[] args) => CommandLine.RunAsync(args, Around(""), TestContext.Current.CancellationToken);

    private Surroundings Around(string input) => new(
        new Terminal(_out, isTerminal: false, colors: false, 80),
        new Terminal(_error, isTerminal: false, colors: false, 80),
        new StringReader(input),
        InputIsTerminal: false,
        _folder.Path,
        name => name == "SKEIN_HOME" ? Path.Combine(_folder.Path, "home") : null,
        TimeProvider.System);
}
