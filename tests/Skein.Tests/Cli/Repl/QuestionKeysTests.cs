using Skein.Cli.Repl;
using Skein.Cli.Repl.Editing;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Testing;

namespace Skein.Tests.Cli.Repl;

public sealed class QuestionKeysTests
{
    private static readonly PermissionAsked s_asked = new(PermissionId.Parse(PermissionId.Prefix + new string('0', 26)), TurnId.Parse(TurnId.Prefix + new string('0', 26)), "1", "bash", "ls");
    private readonly ManualClock _clock = new();

    [Fact]
    public void Who_was_typing_when_it_came_does_not_answer_it()
    {
        var keys = new QuestionKeys(_clock);
        keys.See(s_asked);

        Assert.Null(keys.Answer(new Key(KeyKind.Text, "y"), s_asked));
        _clock.Advance(TimeSpan.FromMilliseconds(300));
        keys.Typed();
        _clock.Advance(TimeSpan.FromMilliseconds(300));
        Assert.NotNull(keys.See(s_asked));
        _clock.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Null(keys.See(s_asked));

        Assert.Equal(new PermissionReply(PermissionAnswer.Once), keys.Answer(new Key(KeyKind.Text, "y"), s_asked));
    }

    [Fact]
    public void No_may_have_a_reason_and_always_needs_something_to_remember()
    {
        var keys = new QuestionKeys(_clock);
        keys.See(s_asked);
        _clock.Advance(TimeSpan.FromSeconds(1));
        keys.See(s_asked);

        Assert.Null(keys.Answer(new Key(KeyKind.Text, "a"), s_asked));
        Assert.Null(keys.Answer(new Key(KeyKind.Paste, "y"), s_asked));
        Assert.Null(keys.Answer(new Key(KeyKind.Text, "n"), s_asked));
        Assert.True(keys.AsksWhy);
        Assert.Equal(new PermissionReply(PermissionAnswer.No, "too much"), keys.Refuse(" too much "));
        Assert.Equal(new PermissionReply(PermissionAnswer.Always), keys.Answer(new Key(KeyKind.Text, "a"), s_asked with { Pattern = "ls" }));
    }
}
