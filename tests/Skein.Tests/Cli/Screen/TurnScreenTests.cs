using System.Text.Json;
using Skein.Cli.Screen;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Core.Running;

namespace Skein.Tests.Cli.Screen;

public sealed class TurnScreenTests
{
    private static readonly IdSource s_ids = new(TimeProvider.System);
    private static readonly SessionId s_session = s_ids.Next<SessionId>();
    private static readonly MessageId s_message = s_ids.Next<MessageId>();
    private static readonly PartId s_part = s_ids.Next<PartId>();
    private static readonly TurnId s_turn = s_ids.Next<TurnId>();
    private long _seq;

    [Fact]
    public void Text_that_arrived_in_pieces_is_not_said_again_when_it_is_whole()
    {
        var shown = Screen(
            Delta(0, "Hello "),
            Delta(6, "wor"),
            Event(new PartStreamed(s_message, s_part, StreamKind.Text, 0, "Hello wor")),
            Delta(6, "world"),
            Event(new PartAdded(s_message, s_part, new TextPart("Hello world!"))),
            Delta(0, "Hello world!"));

        Assert.Equal("Hello world!\n", shown.Text);
    }

    [Fact]
    public void Text_that_was_missed_comes_with_its_end()
    {
        var shown = Screen(
            Delta(0, "one "),
            Delta(8, "three"),
            Event(new PartAdded(s_message, s_part, new TextPart("one two three"))));

        Assert.Equal("one two three\n", shown.Text);
    }

    [Fact]
    public void A_prompt_that_waits_cuts_no_word_in_two()
    {
        var shown = Screen(
            isTerminal: true,
            Delta(0, "one tw"),
            Event(new PromptQueued(s_turn, s_ids.Next<MessageId>(), [])),
            Delta(6, "o three"),
            Event(new PartAdded(s_message, s_part, new TextPart("one two three"))));

        Assert.Equal("one two three\n\n… a prompt waits for the turn to end\n", shown.Text);
    }

    [Fact]
    public void A_control_sequence_cut_by_the_stream_is_taken_out()
    {
        var shown = Screen(Delta(0, "a\e["), Delta(3, "31mb"), Event(new PartAdded(s_message, s_part, new TextPart("a\e[31mb"))));

        Assert.Equal("ab\n", shown.Text);
    }

    [Fact]
    public void A_call_is_one_line_with_a_little_of_what_it_answered()
    {
        var shown = Screen(
            Event(new PartAdded(s_message, s_part, new ToolCallPart("c1", "bash", JsonSerializer.SerializeToElement(new { command = "sh test.sh" })))),
            Event(new ToolStarted(s_message, "c1", "bash", "sh test.sh")),
            Event(new PartAdded(s_message, s_ids.Next<PartId>(), new ToolResultPart("c1", "1\n2\n3\n4\n5\n6\n7\n8\e[31m\n", IsError: true))),
            Event(new ToolFinished(s_message, "c1", IsError: true, 40)));

        Assert.Equal(
            """
            ✗ bash sh test.sh  40 ms
              │ 1
              │ 2
              │ 3
              │ … 3 more lines
              │ 7
              │ 8

            """, shown.Activity);
        Assert.Equal("", shown.Text);
    }

    [Fact]
    public void Of_an_output_that_is_kept_elsewhere_the_size_is_told_and_how_to_see_it()
    {
        var whole = new BlobRef(new string('a', 64), 138_000, "text/plain");
        var shown = Screen(
            Event(new ToolStarted(s_message, "c1", "bash", "$ seq 9000")),
            Event(new PartAdded(s_message, s_part, new ToolResultPart("c1", "1\n2\n3\n[… left out here …]\n8998\n8999\n9000\n", Whole: whole))),
            Event(new ToolFinished(s_message, "c1", IsError: false, 40)));

        Assert.Equal("✓ $ seq 9000  40 ms\n  │ 1\n  │ 2\n  │ 3\n  │ … 134.8 KiB in all: skein show --tools\n  │ 8999\n  │ 9000\n", shown.Activity);
    }

    [Fact]
    public void Several_edits_are_shown_as_what_they_took_away_and_put_there()
    {
        const string edits = """
            {"path": "a.txt", "edits": [{"old_string": "one\ntwo\nthree", "new_string": "one\nTWO\u001b[31m\nthree"}, {"old_string": "nine\n", "new_string": "nine\nand a half\n"}]}
            """;
        var shown = Edited(edits, null);

        Assert.Equal("✓ edit a.txt  4 ms\n  │ - two\n  │ + TWO\n  │ + and a half\n", shown);
    }

    [Fact]
    public void An_edit_that_was_shown_with_a_question_is_not_shown_again()
    {
        var shown = Edited("""{"path": "a.txt", "old_string": "two", "new_string": "TWO"}""", "-two\n+TWO");

        Assert.Equal("? edit a.txt\n  │ -two\n  │ +TWO\n✓ edit a.txt  4 ms\n  │ Replaced 2 places in 'a.txt'.\n", shown);
    }

    [Fact]
    public void Pictures_are_told_with_the_prompt_or_the_call_that_they_belong_to()
    {
        var picture = new FilePart("image/png", "goose\u001b[31m.png", new BlobRef(new string('a', 64), 512, "image/png"));
        var shown = Screen(
            Event(new MessageAdded(s_ids.Next<MessageId>(), Role.User, MessageStatus.Completed, 1, [new MessagePart(s_part, new TextPart("What is it?")), new MessagePart(s_ids.Next<PartId>(), picture)])),
            Event(new ToolStarted(s_message, "c1", "read", "read goose.png")),
            Event(new PartAdded(s_message, s_ids.Next<PartId>(), new ToolResultPart("c1", "'goose.png' is a picture."))),
            Event(new ToolFinished(s_message, "c1", IsError: false, 3)),
            Event(new PartAdded(s_message, s_ids.Next<PartId>(), picture)));

        Assert.Equal("› What is it?\n  [goose.png, image/png, 512 B]\n✓ read goose.png  3 ms\n  │ [goose.png, image/png, 512 B]\n", shown.Activity);
    }

    [Fact]
    public void What_was_read_is_not_shown_only_that_it_was()
    {
        var shown = Screen(
            Event(new ToolStarted(s_message, "c1", "read", "read a.txt")),
            Event(new ToolFinished(s_message, "c1", IsError: false, 3)),
            Event(new PartAdded(s_message, s_ids.Next<PartId>(), new ToolResultPart("c1", "all of the file"))));

        Assert.Equal("✓ read a.txt  3 ms\n", shown.Activity);
    }

    [Fact]
    public void A_call_that_nobody_ran_is_shown_when_the_turn_ends()
    {
        var shown = Screen(
            Event(new PartAdded(s_message, s_part, new ToolCallPart("c1", "fly", JsonSerializer.SerializeToElement(new { path = "moon" })))),
            Event(new PartAdded(s_message, s_ids.Next<PartId>(), new ToolResultPart("c1", "There is no tool 'fly'.", IsError: true))),
            Event(new TurnCompleted(s_turn)));

        Assert.Equal("✗ fly moon\n  │ There is no tool 'fly'.\n", shown.Activity);
    }

    [Fact]
    public void What_went_wrong_and_what_was_mended_is_told_in_a_line()
    {
        var shown = Screen(
            Event(new ModelRetried(s_turn, 1, 2000, FailureKind.Overload, "openai answered 500")),
            Event(new TurnFailed(s_turn, FailureKind.Auth, "openai", "the key was refused\e[31m")),
            Event(new SessionRepaired([new Repair("turn", "The turn was closed.")])),
            Event(new TurnInterrupted(s_turn, "crash")),
            Event(new Gap(4, 7, "x", 0, 10)));

        Assert.Equal(
            """
            ↻ openai answered 500; attempt 2 in 2.0 s
            ✗ openai: the key was refused
            ⚒ mended: The turn was closed.
            ■ interrupted: the server died
            ⚠ events 4 to 7 cannot be read: the log is damaged there

            """, shown.Activity);
    }

    [Fact]
    public void On_a_screen_text_and_calls_stand_apart()
    {
        var second = s_ids.Next<PartId>();
        var shown = Screen(
            isTerminal: true,
            Event(new MessageAdded(s_ids.Next<MessageId>(), Role.User, MessageStatus.Completed, 1, [new MessagePart(s_ids.Next<PartId>(), new TextPart("do it"))])),
            Delta(0, "Looking."),
            Event(new PartAdded(s_message, s_part, new TextPart("Looking."))),
            Event(new ToolStarted(s_message, "c1", "read", "read a")),
            Event(new PartAdded(s_message, s_ids.Next<PartId>(), new ToolResultPart("c1", "x"))),
            Event(new ToolFinished(s_message, "c1", IsError: false, 3)),
            Event(new PartAdded(s_message, second, new TextPart("Done."))),
            Event(new TurnCompleted(s_turn)));

        Assert.Equal("› do it\n\nLooking.\n\n✓ read a  3 ms\n\nDone.\n", shown.Text.Replace("read a …\r\e[K", "", StringComparison.Ordinal));
    }

    [Fact]
    public void Text_that_does_not_count_is_said_so()
    {
        var shown = Screen(Delta(0, "Hal"), Event(new PartDropped(s_message, s_part, "the stream broke")));

        Assert.Equal("Hal\n", shown.Text);
        Assert.Equal("(that broke off and does not count: the stream broke)\n", shown.Activity);
    }

    [Theory]
    [InlineData("The key is refused.", "✗ goose: The key is refused.")]
    [InlineData("goose ended with exit code 1.", "✗ goose ended with exit code 1.")]
    public void A_failure_names_who_failed_once(string message, string shown) =>
        Assert.Contains(shown + "\n", Screen(Event(new TurnFailed(s_turn, FailureKind.Internal, "goose", message))).Activity, StringComparison.Ordinal);

    [Fact]
    public void A_call_that_tells_only_with_its_question_what_it_is_about_is_shown_so() =>
        Assert.EndsWith(
            "✓ edit pond.txt  4 ms\n  Wrote it.\n",
            Screen(
                Event(new PartAdded(s_message, s_part, new ToolCallPart("c1", "edit", JsonElement.Parse("{}")))),
                Event(new ToolStarted(s_message, "c1", "edit", "write")),
                Event(new PermissionAsked(s_ids.Next<PermissionId>(), s_turn, "c1", "edit", "pond.txt", "")),
                Event(new PartAdded(s_message, s_ids.Next<PartId>(), new ToolResultPart("c1", "Wrote it."))),
                Event(new ToolFinished(s_message, "c1", IsError: false, 4))).Activity.Replace("  │ ", "  ", StringComparison.Ordinal),
            StringComparison.Ordinal);

    private string Edited(string arguments, string? question) => Screen(
    [
        Event(new PartAdded(s_message, s_part, new ToolCallPart("c1", "edit", JsonElement.Parse(arguments)))),
        .. question is null ? [] : new[] { Event(new PermissionAsked(s_ids.Next<PermissionId>(), s_turn, "c1", "edit", "edit a.txt", question)) },
        Event(new ToolStarted(s_message, "c1", "edit", "edit a.txt")),
        Event(new PartAdded(s_message, s_ids.Next<PartId>(), new ToolResultPart("c1", "Replaced 2 places in 'a.txt'."))),
        Event(new ToolFinished(s_message, "c1", IsError: false, 4)),
    ]).Activity;

    private static (string Text, string Activity) Screen(params FeedFrame[] frames) => Screen(isTerminal: false, frames);

    private static (string Text, string Activity) Screen(bool isTerminal, params FeedFrame[] frames)
    {
        var (text, activity) = (new StringWriter(), new StringWriter());
        var first = new Terminal(text, isTerminal, colors: false, 80);
        var screen = new TurnScreen(first, isTerminal ? first : new Terminal(activity, isTerminal: false, colors: false, 80), showPrompts: true);
        foreach (var frame in frames)
            screen.Show(frame);
        return (text.ToString(), activity.ToString());
    }

    private static DeltaFrame Delta(int offset, string text) => new(new PartDelta(s_message, s_part, StreamKind.Text, offset, text));

    private EventFrame Event(EventBody body) => new(new SessionEvent(s_session, ++_seq, DateTimeOffset.UnixEpoch, body));
}
