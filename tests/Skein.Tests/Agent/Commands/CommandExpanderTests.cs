using Skein.Agent;
using Skein.Agent.Commands;
using Skein.Agent.Tools;
using Skein.Core;
using Skein.Core.Running;
using Skein.Testing;

namespace Skein.Tests.Agent.Commands;

/// <summary>What a prompt that calls a command becomes.</summary>
public sealed class CommandExpanderTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private bool _trusted = true;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("Look at $ARGUMENTS.", "a.cs b.cs", "Look at a.cs b.cs.")]
    [InlineData("$2 before $1", "one \"two words\"", "two words before one")]
    [InlineData("Only $1, $2.", "'a b'", "Only a b, .")]
    [InlineData("$1", "$2 $1", "$2")]
    [InlineData("No place.", "said anyway", "No place.\n\nsaid anyway")]
    [InlineData("It costs $12.", "", "It costs $12.")]
    [InlineData("Ask @someone@example.org, @nobody.", "", "Ask @someone@example.org, @nobody.")]
    public async Task Arguments_take_their_places(string body, string arguments, string expected)
    {
        _folder.Write("repo/.skein/commands/go.md", body);

        var expanded = await ExpandAsync($"/go {arguments}".TrimEnd());

        Assert.Equal(new ExpandedPrompt($"[{$"/go {arguments}".TrimEnd()}]\n\n{expected}"), expanded);
    }

    [Fact]
    public async Task Files_are_put_below_once_each_also_those_an_argument_names()
    {
        _folder.Write("repo/a.txt", "alpha\n");
        _folder.Write("repo/b.txt", "beta @c.txt");
        _folder.Write("repo/c.txt", "gamma");
        _folder.Write("repo/.skein/commands/go.md", "Compare @a.txt, @./a.txt and @$1.");

        var expanded = await ExpandAsync("/go b.txt");

        Assert.EndsWith("Compare @a.txt, @./a.txt and @b.txt.\n\n<file path=\"a.txt\">\nalpha\n</file>\n\n<file path=\"b.txt\">\nbeta @c.txt\n</file>", expanded!.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("@big.txt", "it has 262145 bytes, and may have 262144.")]
    [InlineData("@binary", "it is no text.")]
    [InlineData("@secret.txt", "No.")]
    [InlineData("@../outside.txt", "it is not in the folder of the session, or a rule asks before it is read.")]
    [InlineData("@.hidden/key", "is in a folder of Skein's own, which tools cannot reach.")]
    public async Task A_file_that_may_not_be_read_or_is_no_text_is_an_error_with_file_and_line(string mention, string rule)
    {
        _folder.Write("repo/big.txt", new string('x', 262145));
        _folder.Write("repo/binary", "\0");
        _folder.Write("repo/secret.txt", "42");
        _folder.Write("repo/.hidden/key", "42");
        _folder.Write("outside.txt", "42");
        var file = _folder.Write("repo/.skein/commands/go.md", $"---\ndescription: x\n---\n\nLook\nat {mention}.");

        var refused = await Assert.ThrowsAsync<InvalidRequestException>(() => ExpandAsync("/go"));

        Assert.StartsWith($"{file}:6: '{mention}.' cannot be included: ", refused.Message, StringComparison.Ordinal);
        Assert.EndsWith(rule, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_stays_a_name_and_a_pipe_is_empty_and_holds_nobody_up()
    {
        _folder.Write("repo/src/a.cs", "");
        await Shell.RunAsync(_folder.Below("repo"), "mkfifo pipe");
        _folder.Write("repo/.skein/commands/go.md", "Look at @src and @pipe.");

        Assert.Equal(new ExpandedPrompt("[/go]\n\nLook at @src and @pipe.\n\n<file path=\"pipe\">\n\n</file>"), await ExpandAsync("/go"));
    }

    [Fact]
    public async Task One_that_includes_too_many_files_is_refused()
    {
        var names = Enumerable.Range(0, 21).Select(n => $"{n}.txt").ToList();
        foreach (var name in names)
            _folder.Write($"repo/{name}", "x");
        var file = _folder.Write("repo/.skein/commands/go.md", string.Join('\n', names.Select(n => $"@{n}")));

        var refused = await Assert.ThrowsAsync<InvalidRequestException>(() => ExpandAsync("/go"));

        Assert.Equal($"{file}:21: '@20.txt' cannot be included: There may be 20 files.", refused.Message);
    }

    [Fact]
    public async Task Trust_does_not_reach_where_a_link_leads()
    {
        var secret = _folder.Write("secret", "42");
        File.CreateSymbolicLink(_folder.Write("repo/.skein/commands/good.md", "Go.").Replace("good", "bad", StringComparison.Ordinal), secret);
        var inside = new CommandFolders([], (folder, _) => Task.FromResult(folder.StartsWith(_folder.Below("repo"), StringComparison.Ordinal)));

        var found = await inside.FindAsync(_folder.Below("repo"), Cancellation);

        Assert.Equal(["good"], found.Commands.Select(c => c.Name));
        Assert.Equal([_folder.Below("repo/.skein/commands/bad.md")], found.Untrusted);
    }

    [Theory]
    [InlineData("/nothing")]
    [InlineData("/usr/bin/env is missing")]
    [InlineData("go")]
    [InlineData("/")]
    public async Task What_names_no_command_stays_as_it_is(string text)
    {
        _folder.Write("repo/.skein/commands/go.md", "Go.");

        Assert.Null(await ExpandAsync(text));
    }

    [Fact]
    public async Task A_command_has_a_model_and_an_agent_of_its_own_but_not_one_that_was_written_for_claude()
    {
        _folder.Write("repo/.skein/commands/mine.md", "---\nmodel: local/small\nagent: other\n---\nGo.");
        _folder.Write("repo/.claude/commands/git/theirs.md", "---\nmodel: sonnet\nagent: Explore\nargument-hint: [file] [depth]\nallowed-tools: Bash(git:*)\n---\nGo.");

        Assert.Equal(new ExpandedPrompt("[/mine]\n\nGo.", "other", "local/small"), await ExpandAsync("/mine"));
        Assert.Equal(new ExpandedPrompt("[/git:theirs]\n\nGo."), await ExpandAsync("/git:theirs"));
        var theirs = (await Folders().FindAsync(_folder.Below("repo"), Cancellation)).Commands[0];
        Assert.Equal(("git:theirs", "[file] [depth]", "Go."), (theirs.Name, theirs.Hint, theirs.Description));
    }

    [Theory]
    [InlineData(2, "'model' must be 'provider/name', not 'large'.", "---\nmodel: large\n---\nGo.")]
    [InlineData(3, "'agent' must be the name of an agent, not 'A B'.", "---\nmodel: a/b\nagent: A B\n---\nGo.")]
    [InlineData(4, "must have a text below its fields: that is the prompt.", "---\ndescription: x\n---\n")]
    [InlineData(2, "has no line '---' that ends its fields", "---\ndescription: x")]
    [InlineData(1, "must be a file of 1 to 1048576 bytes, not 0", "")]
    [InlineData(3, "is no text in UTF-8.", "Go\nand\n\0")]
    public async Task One_that_breaks_a_rule_is_named_with_its_line_where_it_is_listed_and_called(long line, string rule, string text)
    {
        var file = _folder.Write("repo/.skein/commands/bad.md", text);
        _folder.Write("repo/.skein/commands/good.md", "Go.");

        var found = await Folders().FindAsync(_folder.Below("repo"), Cancellation);
        var refused = await Assert.ThrowsAsync<InvalidRequestException>(() => ExpandAsync("/bad"));

        Assert.StartsWith($"{file}:{line}: {rule}", Assert.Single(found.Problems).Message, StringComparison.Ordinal);
        Assert.Equal(found.Problems[0].Message, refused.Message);
        Assert.Equal(["good"], found.Commands.Select(c => c.Name));
    }

    [Fact]
    public async Task Those_of_a_folder_that_is_not_trusted_do_not_count_and_are_named()
    {
        _trusted = false;
        _folder.Write("repo/.claude/commands/theirs.md", "Do as I say.");
        _folder.Write(".claude/commands/mine.md", "Go.");

        var found = await Folders().FindAsync(_folder.Below("repo"), Cancellation);

        Assert.Equal(["mine"], found.Commands.Select(c => c.Name));
        Assert.Equal([_folder.Below("repo", ".claude/commands")], found.Untrusted);
        Assert.Null(await ExpandAsync("/theirs"));
    }

    private CommandFolders Folders() =>
        new(CommandFolders.OfUser(_folder.Path, _folder.Below(".config", "skein")), (_, _) => Task.FromResult(_trusted));

    private async Task<ExpandedPrompt?> ExpandAsync(string text)
    {
        var gate = Sample.Open with
        {
            Decide = (_, _, intent, _) => ValueTask.FromResult(
                intent.Outside ? new ToolVerdict.Ask(null) : intent.Subject == "secret.txt" ? new ToolVerdict.Deny("No.") : ToolVerdict.Allowed),
        };
        var settings = new ToolSettings(new Dictionary<string, string>(), TimeProvider.System) { HiddenFolders = [_folder.Below("repo", ".hidden")] };
        return await new CommandExpander(Folders(), gate, settings).ExpandAsync(Sample.Session(null, _folder.Below("repo")), text, Cancellation);
    }
}
