VACUUM messages;
